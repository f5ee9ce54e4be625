/** The code for what a form holds. Each takes `{root, model, path, inputs, hasKey}` and gives text; no key stands in it. */

import { encoded } from "../api.js";
import { kindOf } from "../form/kinds.js";
import { fileAddress, localFile, withExamples } from "./examples.js";
import { python as py, pythonArguments, shell, shellJson } from "./quoting.js";

export const LANGUAGES = { Python: python, aix, curl, OpenAI: openai, MCP: mcp };

const KEY = '"x-api-key: $TEAM_API_KEY"';

/** Clients send no key over plain http, but to their own machine. */
function keyNote({ root, hasKey }) {
  if (!hasKey) return "";
  const { protocol, hostname } = new URL(root);
  const isOpen = protocol === "http:" && !["localhost", "127.0.0.1", "[::1]"].includes(hostname);
  return `# the key is in TEAM_API_KEY${isOpen ? "; over plain http, AIXPLAIN_ALLOW_INSECURE_URLS=1 lets it be sent" : ""}\n`;
}

function address(root) {
  return root.replace(/\/$/, "");
}

/** What `run` takes for itself: inputs of these names are set on `inputs`. */
export const CONTROLS = new Set(
  [
    "self timeout wait_time stream show_progress run_retries run_retry_wait api_key resource_path on_progress",
    "cancel_on_interrupt identifier session_id agent_name",
  ].flatMap((names) => names.split(" ")),
);

function python(held) {
  const { root, model, path } = held;
  const inputs = Object.entries(withExamples(held, localFile));
  const controls = inputs.filter(([name]) => CONTROLS.has(name)).map(([name, value]) => `model.inputs[${py(name)}] = ${py(value)}`);
  const call = pythonArguments(Object.fromEntries(inputs.filter(([name]) => !CONTROLS.has(name))));
  const ending = model.supportsStreaming
    ? [`for piece in model.run_stream(${call}):`, '    print(piece.data, end="", flush=True)']
    : [`result = model.run(${call})`, "print(result.data)"];
  const client = [`aix = Aixplain(backend_url=${py(address(root))})`, `model = aix.Model.get(${py(path)})`];
  return keyNote(held) + lines("from aixplain import Aixplain", "", ...client, ...controls, ...ending);
}

function aix(held) {
  const { root, model, path } = held;
  const inputs = withExamples(held, localFile);
  const kinds = Object.fromEntries((model.params ?? []).map((parameter) => [parameter.name, kindOf(parameter)]));
  const words = Object.entries(inputs).flatMap(([name, value]) => aixWords(name, value, kinds[name]));
  const special = words.filter(({ isSpecial }) => isSpecial);
  const pipe = special.length === 1 ? special[0] : null;
  const stream = model.supportsStreaming ? ["--stream"] : [];
  const command = ["aix run", shell(path), ...words.map((word) => written(word, pipe)), ...stream, "--hub", shell(address(root))];
  const lead = pipe ? `printf %s ${shell(pipe.text)} | ` : "";
  return `${keyNote(held)}${special.length > 1 ? "# in bash or zsh\n" : ""}${lead}${broken(command)}\n`;
}

/** A text that begins with @, or is a dash, would be read from elsewhere: one goes through the pipe, several through files. */
function written({ name, text, isSpecial }, pipe) {
  if (!isSpecial) return shell(`${name}=${text}`);
  return pipe ? shell(`${name}=-`) : `${shell(name)}=@<(printf %s ${shell(text)})`;
}

/** Several values are the same name several times; a list that is one value is JSON. */
function aixWords(name, value, kind) {
  const several = Array.isArray(value) && kind !== "array" && kind !== "json";
  return (several ? value : [value]).map((each) => aixWord(name, each, kind));
}

function aixWord(name, value, kind) {
  const isText = typeof value === "string" && kind !== "json" && kind !== "array";
  const text = isText ? value : JSON.stringify(value);
  return { name, text, isSpecial: isText && (text.startsWith("@") || text === "-") };
}

function curl(held) {
  const { root, model, path, hasKey } = held;
  const inputs = withExamples(held, fileAddress);
  const body = model.supportsStreaming ? { ...inputs, options: { stream: true } } : inputs;
  const lines = [
    `curl ${model.supportsStreaming ? "-N " : ""}${shell(`${root}api/v2/execute/${encoded(path)}`)}`,
    hasKey && `-H ${KEY}`,
    "-H 'content-type: application/json'",
    `-d ${shellJson(body)}`,
  ];
  const after = model.connectionType?.includes("asynchronous")
    ? '# the answer\'s "data" is the address to ask for the result\n'
    : "";
  return `${lines.filter(Boolean).join(" \\\n  ")}\n${after}`;
}

/** Clients of OpenAI speak in messages: the text is the user's, `context` the system's, `history` what came before. */
function openai(held) {
  const { root, model, path, hasKey } = held;
  if (model.function?.id === "text-embedding") return openaiEmbeddings(held);
  const inputs = withExamples(held, fileAddress);
  const main = textOf(model.params ?? []);
  if (!main && !inputs.messages) return "# This model takes no text, so it is none to chat with.\n";
  const { [main]: text = "", context, history, messages, ...others } = inputs;
  const earlier = [...(context ? [{ role: "system", content: context }] : []), ...(Array.isArray(history) ? history : [])];
  const said = messages ?? [...earlier, { role: "user", content: text }];
  return lines(
    ...openaiClient({ root, hasKey }),
    "answer = client.chat.completions.create(",
    `    model=${py(path)},`,
    `    messages=${py(said)},`,
    ...(Object.keys(others).length ? [`    extra_body=${py(others)},`] : []),
    ")",
    "print(answer.choices[0].message.content)",
  );
}

function openaiEmbeddings(held) {
  const { text = "Hello", ...others } = withExamples(held, fileAddress);
  return lines(
    ...openaiClient(held),
    "answer = client.embeddings.create(",
    `    model=${py(held.path)},`,
    `    input=${py(text)},`,
    ...(Object.keys(others).length ? [`    extra_body=${py(others)},`] : []),
    ")",
    "print(answer.data[0].embedding)",
  );
}

function openaiClient({ root, hasKey }) {
  return [
    ...(hasKey ? ["import os", ""] : []),
    "from openai import OpenAI",
    "",
    `client = OpenAI(base_url=${py(`${root}v1`)}, api_key=${hasKey ? 'os.environ["TEAM_API_KEY"]' : '"none"'})`,
  ];
}

/** The input that a message becomes, as the hub finds it. */
function textOf(parameters) {
  const texts = parameters.filter((each) => kindOf(each) === "text" && (each.required || each.name === "text"));
  return (texts.find(({ name }) => name === "text") ?? texts[0])?.name;
}

function mcp(held) {
  const { root, path, hasKey } = held;
  const inputs = withExamples(held, fileAddress);
  const url = py(`${root}mcp/${encodeURIComponent(path)}`);
  const headers = `{"Authorization": f"Bearer {os.environ['TEAM_API_KEY']}"}`;
  return lines(
    "import asyncio",
    ...(hasKey ? ["import os"] : []),
    "",
    "from mcp import Client",
    ...(hasKey ? ["from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client"] : []),
    "",
    "",
    "async def main():",
    ...(hasKey ? [`    http = create_mcp_http_client(${headers})`] : []),
    `    async with Client(${hasKey ? `streamable_http_client(${url}, http_client=http)` : url}) as client:`,
    "        tool = (await client.list_tools()).tools[0]",
    `        result = await client.call_tool(tool.name, ${py(inputs)})`,
    "        for item in result.content:",
    '            print(item.text if item.type == "text" else item)',
    "",
    "",
    "asyncio.run(main())",
  );
}

function lines(...all) {
  return all.map((line) => `${line}\n`).join("");
}

/** Words of a command, over several lines when they are many letters. */
function broken(words) {
  const line = words.join(" ");
  return line.length <= 76 ? line : words.join(" \\\n  ");
}
