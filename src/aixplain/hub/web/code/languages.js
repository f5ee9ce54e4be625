/** The code for what a form holds. Each takes `{root, model, path, inputs, hasKey}` and gives text; no key stands in it. */

import { encoded } from "../api.js";
import { kindOf } from "../form/kinds.js";
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

function python(held) {
  const { root, model, path, inputs } = held;
  const head = `${keyNote(held)}from aixplain import Aixplain\n\naix = Aixplain(backend_url=${py(address(root))})\nmodel = aix.Model.get(${py(path)})\n`;
  const call = pythonArguments(inputs);
  if (model.supportsStreaming) return `${head}for piece in model.run_stream(${call}):\n    print(piece.data, end="", flush=True)\n`;
  return `${head}result = model.run(${call})\nprint(result.data)\n`;
}

function aix(held) {
  const { root, model, path, inputs } = held;
  const kinds = Object.fromEntries((model.params ?? []).map((parameter) => [parameter.name, kindOf(parameter)]));
  const words = Object.entries(inputs).flatMap(([name, value]) => aixWords(name, value, kinds[name]));
  const stream = model.supportsStreaming ? ["--stream"] : [];
  return `${keyNote(held)}${broken(["aix run", shell(path), ...words, ...stream, "--hub", shell(address(root))])}\n`;
}

/** Several values are the same name several times; a list that is one value is JSON. */
function aixWords(name, value, kind) {
  const several = Array.isArray(value) && kind !== "array" && kind !== "json";
  return (several ? value : [value]).map((each) => aixWord(name, each, kind));
}

/** A text that begins with @, or is a dash, would be read from elsewhere: it goes through a pipe. */
function aixWord(name, value, kind) {
  const isText = typeof value === "string" && kind !== "json" && kind !== "array";
  const text = isText ? value : JSON.stringify(value);
  const isSpecial = isText && (text.startsWith("@") || text === "-");
  return isSpecial ? `${shell(name)}=@<(printf %s ${shell(text)})` : shell(`${name}=${text}`);
}

function curl({ root, model, path, inputs, hasKey }) {
  const body = model.supportsStreaming ? { ...inputs, options: { stream: true } } : inputs;
  const lines = [
    `curl ${model.supportsStreaming ? "-N " : ""}${shell(`${root}api/v2/execute/${encoded(path)}`)}`,
    hasKey && `-H ${KEY}`,
    "-H 'content-type: application/json'",
    `-d ${shellJson(body)}`,
  ];
  const after = model.connectionType?.includes("asynchronous") ? '# the answer\'s "data" is the address to ask for the result\n' : "";
  return `${lines.filter(Boolean).join(" \\\n  ")}\n${after}`;
}

/** Clients of OpenAI speak in messages: the text is the user's, `context` the system's, `history` what came before. */
function openai({ root, model, path, inputs, hasKey }) {
  const main = textOf(model.params ?? []);
  if (!main && !inputs.messages) return "# This model takes no text, so it is none to chat with.\n";
  const { [main]: text = "", context, history, messages, ...others } = inputs;
  const earlier = [...(context ? [{ role: "system", content: context }] : []), ...(Array.isArray(history) ? history : [])];
  const said = messages ?? [...earlier, { role: "user", content: text }];
  const extra = Object.keys(others).length ? `    extra_body=${py(others)},\n` : "";
  const key = hasKey ? 'os.environ["TEAM_API_KEY"]' : '"none"';
  return (
    `${hasKey ? "import os\n\n" : ""}from openai import OpenAI\n\nclient = OpenAI(base_url=${py(`${root}v1`)}, api_key=${key})\n` +
    `answer = client.chat.completions.create(\n    model=${py(path)},\n    messages=${py(said)},\n${extra})\n` +
    "print(answer.choices[0].message.content)\n"
  );
}

/** The input that a message becomes, as the hub finds it. */
function textOf(parameters) {
  const texts = parameters.filter((each) => kindOf(each) === "text" && (each.required || each.name === "text"));
  return (texts.find(({ name }) => name === "text") ?? texts[0])?.name;
}

function mcp({ root, path, inputs, hasKey }) {
  const url = py(`${root}mcp/${encodeURIComponent(path)}`);
  const imports = hasKey ? "import asyncio\nimport os\n\nfrom mcp import Client\nfrom mcp.client.streamable_http import create_mcp_http_client, streamable_http_client\n" : "import asyncio\n\nfrom mcp import Client\n";
  const headers = '    http = create_mcp_http_client({"Authorization": f"Bearer {os.environ[\'TEAM_API_KEY\']}"})\n';
  const server = hasKey ? `streamable_http_client(${url}, http_client=http)` : url;
  return (
    `${imports}\n\nasync def main():\n${hasKey ? headers : ""}    async with Client(${server}) as client:\n` +
    `        tool = (await client.list_tools()).tools[0]\n        result = await client.call_tool(tool.name, ${py(inputs)})\n` +
    "        print(result.content[0].text)\n\n\nasyncio.run(main())\n"
  );
}

/** Words of a command, over several lines when they are many letters. */
function broken(words) {
  const line = words.join(" ");
  return line.length <= 76 ? line : words.join(" \\\n  ");
}
