// Small helpers to build nodes (attributes are set as attributes, text as text) and ids.

/** make("button", {class: "quiet", type: "button"}, "Close", node…) */
export function make(name, attributes = {}, ...children) {
  const node = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(key, "")
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(key, value)
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""))
  return node
}

/** Writes only when it differs, so that a screen reader is not told the same thing twice. */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text
}

/** Tells the elements above that something was asked for; passes through the shadow root's elements only. */
export function tell(node, type, detail = {}) {
  node.dispatchEvent(new CustomEvent(type, { bubbles: true, detail }))
}

/** A random id; crypto.randomUUID is missing on pages without https. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID()
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")
}
