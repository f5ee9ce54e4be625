/** The events of a stream, out of its bytes. */

const END = "[DONE]";

/** The data of each server-sent event: what comes in several lines is one. */
export async function* eventData(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let lines = [];
  try {
    for (;;) {
      const { done, value = "" } = await reader.read();
      const parts = (rest + value).split(/\r\n|\n/);
      rest = parts.pop();
      for (const line of parts) {
        if (line === "" && lines.length) {
          yield lines.join("\n");
          lines = [];
        } else if (line.startsWith("data:")) lines.push(line.slice(5).replace(/^ /, ""));
      }
      if (done) return;
    }
  } finally {
    reader.cancel().catch(() => {}); // the connection is over, or closed so
  }
}

/** What one event tells: `{text, reasoning, error, usage, credits, isEnd}`. */
export function told(data) {
  if (data === END) return { isEnd: true };
  let event;
  try {
    event = JSON.parse(data);
  } catch {
    return { text: data }; // text that is no JSON is a piece as it is
  }
  if (event === null || typeof event !== "object") return { text: data };
  if (event.error || event.status === "FAILED") return { error: message(event), isEnd: true };
  const choice = event.choices?.find((each) => !(each.index > 0)); // of several alternatives, the first is shown
  if (!choice && event.choices?.length) return {};
  return {
    text: choice ? choice.delta?.content : event.data === END ? null : event.data,
    reasoning: choice?.delta?.reasoning_content ?? choice?.delta?.reasoning,
    usage: event.usage,
    credits: event.usedCredits,
    isEnd: Boolean(choice?.finish_reason) || event.status === "SUCCESS" || event.data === END,
  };
}

function message({ error, errorMessage, supplierError }) {
  return (
    error?.message ??
    (typeof error === "string" ? error : null) ??
    errorMessage ??
    supplierError ??
    "The run failed, and the hub doesn't say why."
  );
}
