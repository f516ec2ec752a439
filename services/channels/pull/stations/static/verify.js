// Verifies the signed CAP of a warning with public keys that this screen has kept since it signed in:
// XML-DSig, enveloped, RSA-SHA256, exclusive canonicalisation, by the browser's own cryptography.
const DSIG = "http://www.w3.org/2000/09/xmldsig#";
const CAP = "urn:oasis:names:tc:emergency:cap:1.2";
const XMLNS = "http://www.w3.org/2000/xmlns/";
const C14N = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED = `${DSIG}enveloped-signature`;
const RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
const SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256";
const STATUS = { live: "Actual", drill: "Exercise" };

// Return {state, ...}: `verified` with what was signed; `unverified` with why it cannot be told; `broken`: refuse it.
export async function examine(entry, keys) {
  if (!entry.cap_xml) return { state: "unverified", why: entry.kind === "halt" ? "halt" : "unsigned" };
  const mine = keys.filter((key) => key.mode === entry.mode);
  try {
    const root = new DOMParser().parseFromString(entry.cap_xml, "application/xml").documentElement;
    if (root.localName !== "alert" || root.namespaceURI !== CAP) return { state: "broken", why: "not-cap" };
    if (text(root, "status") !== STATUS[entry.mode]) return { state: "broken", why: "foreign-mode" };
    if (!globalThis.crypto?.subtle) return { state: "unverified", why: "insecure" };
    if (!mine.length) return { state: "unverified", why: "no-key" };
    return await verified(entry, root, mine);
  } catch {
    return { state: "unverified", why: "unreadable" };
  }
}

function text(parent, name) {
  return [...parent.children].find((one) => one.localName === name)?.textContent ?? "";
}

async function verified(entry, root, keys) {
  const signatures = [...root.children].filter((one) => one.namespaceURI === DSIG && one.localName === "Signature");
  if (signatures.length !== 1 || root.getElementsByTagNameNS(DSIG, "Signature").length !== 1) {
    return { state: "broken", why: "no-signature" };
  }
  const [signature] = signatures;
  const info = the(signature, "SignedInfo");
  if (!expected(info)) return { state: "unverified", why: "unreadable" };
  const signedInfo = new TextEncoder().encode(canonical(info));
  const value = bytes(the(signature, "SignatureValue").textContent);
  const digest = the(info, "DigestValue").textContent.replace(/\s/g, "");
  signature.remove();
  const found = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(canonical(root)));
  if (base64(found) !== digest) return { state: "broken", why: "altered" };
  for (const key of keys) {
    if (await signedBy(key, value, signedInfo)) return agreed(entry, root, key);
  }
  const named = signature.getElementsByTagNameNS(DSIG, "KeyName")[0]?.textContent.trim();
  if (keys.some((key) => key.key_id === named)) return { state: "broken", why: "bad-signature" };
  return { state: "unverified", why: "unknown-key" };
}

async function signedBy(key, value, signedInfo) {
  const rsa = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("spki", bytes(key.spki), rsa, false, ["verify"]);
  return crypto.subtle.verify(rsa, imported, value, signedInfo);
}

// Compare what was signed with what was sent beside it; only the signed words are shown.
function agreed(entry, root, key) {
  const infos = [...root.children].filter((one) => one.localName === "info");
  const info = infos.find((one) => text(one, "language") === "zh-CN") ?? infos[0];
  if (!info) return { state: "broken", why: "not-cap" };
  if (text(root, "identifier") !== entry.identifier) return { state: "broken", why: "altered" };
  const kind = { Alert: "alert", Update: "update", Cancel: "cancel" }[text(root, "msgType")];
  const lifts = entry.kind === "cancel";
  if (!kind || lifts !== (kind === "cancel")) return { state: "broken", why: "altered" };
  const colour = [...info.children].filter((one) => one.localName === "parameter").find((one) => text(one, "valueName") === "color");
  if (colour && text(colour, "value") !== entry.level) return { state: "broken", why: "altered" };
  const signed = { expires: text(info, "expires"), sent: text(root, "sent"), sender_name: text(info, "senderName") };
  for (const name of ["headline", "description", "instruction"]) signed[name] = text(info, name);
  return { state: "verified", key: key.key_id, signed };
}

function the(parent, name) {
  const found = parent.getElementsByTagNameNS(DSIG, name);
  if (found.length !== 1) throw new Error(`not one ${name}`);
  return found[0];
}

function expected(info) {
  const algorithm = (name) => [...info.getElementsByTagNameNS(DSIG, name)].map((one) => one.getAttribute("Algorithm"));
  const reference = the(info, "Reference");
  return (
    reference.getAttribute("URI") === "" &&
    same(algorithm("CanonicalizationMethod"), [C14N]) &&
    same(algorithm("SignatureMethod"), [RSA_SHA256]) &&
    same(algorithm("DigestMethod"), [SHA256]) &&
    same(algorithm("Transform"), [ENVELOPED, C14N]) &&
    info.getElementsByTagNameNS(C14N, "InclusiveNamespaces").length === 0
  );
}

function same(found, wanted) {
  return found.length === wanted.length && found.every((one, place) => one === wanted[place]);
}

// Exclusive XML canonicalisation without comments, for an element and all that is in it.
export function canonical(element, rendered = {}) {
  const prefix = element.prefix ?? "";
  const attributes = [...element.attributes].filter((one) => one.namespaceURI !== XMLNS);
  const used = new Map([[prefix, element.namespaceURI ?? ""]]);
  for (const one of attributes) if (one.prefix && one.prefix !== "xml") used.set(one.prefix, one.namespaceURI);
  const known = { ...rendered };
  let head = `<${element.nodeName}`;
  for (const [name, uri] of [...used].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if ((known[name] ?? "") === uri) continue;
    known[name] = uri;
    head += name ? ` xmlns:${name}="${escapedValue(uri)}"` : ` xmlns="${escapedValue(uri)}"`;
  }
  attributes.sort((a, b) => order(a.namespaceURI ?? "", b.namespaceURI ?? "") || order(a.localName, b.localName));
  for (const one of attributes) head += ` ${one.nodeName}="${escapedValue(one.value)}"`;
  let inside = "";
  for (const node of element.childNodes) {
    if (node.nodeType === Node.ELEMENT_NODE) inside += canonical(node, known);
    else if (node.nodeType === Node.TEXT_NODE || node.nodeType === Node.CDATA_SECTION_NODE) inside += escaped(node.data);
    else if (node.nodeType !== Node.COMMENT_NODE) throw new Error("a kind of node that no warning has");
  }
  return `${head}>${inside}</${element.nodeName}>`;
}

function order(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

function escaped(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/\r/g, "&#xD;");
}

function escapedValue(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;").replace(/\t/g, "&#x9;").replace(/\n/g, "&#xA;").replace(/\r/g, "&#xD;");
}

function bytes(text) {
  return Uint8Array.from(atob(text.replace(/\s/g, "")), (one) => one.charCodeAt(0));
}

function base64(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer)));
}
