/** The events of a stream, out of its bytes. */

const END = "[DONE]";
const FAILED = /^(failed|aborted|canceled)$/i;
const NO_REASON = "The run failed, and the hub doesn't say why.";

/** Each server-sent event as `{name, data}`: the data of several lines is one. */
export async function* eventsOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let name = "";
  let lines = [];
  try {
    for (;;) {
      const { done, value = "" } = await reader.read();
      const parts = (rest + value).split(/\r\n|\n/);
      rest = parts.pop();
      for (const line of parts) {
        if (line === "") {
          if (lines.length) yield { name, data: lines.join("\n") };
          [name, lines] = ["", []];
        } else if (line.startsWith("data:")) lines.push(line.slice(5).replace(/^ /, ""));
        else if (line.startsWith("event:")) name = line.slice(6).trim();
      }
      if (done) return;
    }
  } finally {
    reader.cancel().catch(() => {}); // the connection is over, or closed so
  }
}

/** What one event says: `{text, reasoning, error, usage, credits, isEnd}`. */
export function read({ name, data }) {
  if (data === END) return { isEnd: true };
  const event = parsed(data);
  if (name === "error") return { error: messageOf(event) ?? data, isEnd: true };
  if (event === null || typeof event !== "object") return { text: data }; // text that is not JSON is a chunk as it is
  const choice = event.choices?.find((each) => !(each.index > 0)); // of several alternatives, the first is shown
  const isFailed = event.error || event.object === "error" || FAILED.test(event.status) || choice?.finish_reason === "error";
  if (isFailed) return { ...contentOf(choice), error: messageOf(event) ?? NO_REASON, isEnd: true };
  if (!choice && event.choices?.length) return {};
  const isLast = event.data === END;
  return {
    ...(choice ? contentOf(choice) : { text: isLast ? null : event.data }),
    usage: event.usage,
    credits: event.usedCredits,
    isEnd: Boolean(choice?.finish_reason) || event.status === "SUCCESS" || event.status === "COMPLETED" || isLast,
  };
}

function parsed(data) {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}

function contentOf(choice) {
  const delta = choice?.delta ?? choice?.message ?? {};
  return { text: textOf(delta.content ?? choice?.text), reasoning: delta.reasoning_content ?? delta.reasoning };
}

/** Content may be a list of parts. */
function textOf(content) {
  if (!Array.isArray(content)) return content;
  return content.map((part) => (typeof part === "string" ? part : (part.text ?? ""))).join("");
}

function messageOf(event) {
  const { error, errorMessage, supplierError, message, detail } = event ?? {};
  const words = [error?.message, error, supplierError, errorMessage, message, detail];
  return words.find((each) => typeof each === "string" && each);
}
