/** Sending a file up: first an address is asked for, then the bytes go there. */

import { Problem, ROOT, ask, sentence } from "../api.js";

/** The file's address on the hub. `onProgress` is told the share that went up, from 0 to 1. */
export async function upload(file, onProgress, signal) {
  const body = { contentType: file.type || "application/octet-stream", originalName: file.name };
  const { uploadUrl, downloadUrl } = await ask("POST", "sdk/file/upload/temp-url", { body, signal });
  const { pathname } = new URL(uploadUrl);
  await put(ROOT + pathname.slice(pathname.lastIndexOf("/files/") + 1), file, body.contentType, onProgress, signal);
  return downloadUrl;
}

/** By XMLHttpRequest: `fetch` doesn't tell how much went up. */
function put(url, file, contentType, onProgress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", url);
    request.setRequestHeader("content-type", contentType);
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 1);
    request.onload = () =>
      request.status < 300 ? resolve() : reject(new Problem(sentence(request.responseText, request.status), request.status));
    request.onerror = () =>
      reject(new Problem("The file didn't reach the hub. It may be too large, or the connection is gone."));
    request.onabort = () => reject(new DOMException("Nobody waits for it.", "AbortError"));
    signal.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}
