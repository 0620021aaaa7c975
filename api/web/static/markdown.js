// The Markdown subset of messages, as DOM nodes: paragraphs, lists, bold, links. Text is only ever set as text.

const ITEM = /^\s{0,3}(?:[-*•]|(\d{1,3})[.)、．])\s*(.+)$/
const INLINE = /\*\*(.+?)\*\*|\[([^\]]+)\]\((https?:\/\/[^\s)]+)\)/g
const LEAD_LIMIT = { zh: 70, en: 150 }

/**
 * The blocks of `text`: {kind: "paragraph", lines} or {kind: "ordered" | "unordered", items, start}.
 *
 * A list may follow a paragraph without an empty line; a line inside a paragraph stays a line of its own, because the
 * base writes one sentence a line. No text, no blocks.
 */
export function blocksOf(text) {
  const blocks = []
  let open = null
  for (const line of String(text ?? "").split(/\r?\n/)) {
    const item = line.match(ITEM)
    if (!line.trim()) {
      open = open?.kind === "paragraph" ? null : open // a list goes on over an empty line
    } else if (item && (item[1] || /^\s{0,3}[-*•]\s/.test(line))) {
      const kind = item[1] ? "ordered" : "unordered"
      if (open?.kind !== kind) blocks.push((open = { kind, items: [], start: Number(item[1] ?? 1) }))
      open.items.push(item[2])
    } else if (open && open.kind !== "paragraph" && /^\s{2,}/.test(line)) {
      open.items.push(`${open.items.pop()}\n${line.trim()}`)
    } else {
      if (open?.kind !== "paragraph") blocks.push((open = { kind: "paragraph", lines: [] }))
      open.lines.push(line.trim().replace(/^#{1,6}\s+/, ""))
    }
  }
  return blocks
}

/** A node for one block. */
export function renderBlock(block) {
  if (block.kind === "paragraph") {
    const paragraph = document.createElement("p")
    paragraph.append(...linesOf(block.lines))
    return paragraph
  }
  const list = document.createElement(block.kind === "ordered" ? "ol" : "ul")
  if (block.kind === "ordered" && block.start !== 1) list.start = block.start
  for (const text of block.items) {
    const item = document.createElement("li")
    item.append(...linesOf(text.split("\n")))
    list.append(item)
  }
  return list
}

/** All of `text` as a fragment. */
export function renderMarkdown(text) {
  const fragment = document.createDocumentFragment()
  fragment.append(...blocksOf(text).map(renderBlock))
  return fragment
}

/**
 * The direct answer apart from the rest: [lead, blocks], the lead being the first line of a first paragraph, or its
 * first sentence where that line is long. Without a first paragraph the lead is "".
 */
export function leadOf(text, language) {
  const blocks = blocksOf(text)
  if (blocks[0]?.kind !== "paragraph") return ["", blocks]
  const [first, ...others] = blocks[0].lines
  const end = first.length > LEAD_LIMIT[language] ? endOfFirstSentence(first) : first.length
  const left = [first.slice(end).trim(), ...others].filter(Boolean)
  const rest = left.length ? [{ kind: "paragraph", lines: left }, ...blocks.slice(1)] : blocks.slice(1)
  return [first.slice(0, end).trim(), rest]
}

/** A paragraph's inline text as nodes. */
export function inline(text) {
  const nodes = []
  let from = 0
  for (const found of text.matchAll(INLINE)) {
    nodes.push(document.createTextNode(text.slice(from, found.index)))
    nodes.push(found[1] !== undefined ? strong(found[1]) : link(found[2], found[3]))
    from = found.index + found[0].length
  }
  nodes.push(document.createTextNode(text.slice(from)))
  return nodes.filter((node) => node.nodeType !== Node.TEXT_NODE || node.data)
}

/** A link that leaves for another site in its own tab; plain text where `url` is not http(s). */
export function link(title, url) {
  if (!/^https?:\/\//i.test(url ?? "")) return document.createTextNode(title)
  const anchor = document.createElement("a")
  anchor.href = url
  anchor.target = "_blank"
  anchor.rel = "noopener noreferrer"
  anchor.textContent = title
  return anchor
}

function strong(text) {
  const node = document.createElement("strong")
  node.append(...inline(text))
  return node
}

function linesOf(lines) {
  return lines.flatMap((line, index) => [...(index ? [document.createElement("br")] : []), ...inline(line)])
}

function endOfFirstSentence(line) {
  for (const found of line.matchAll(/[。！？]|[.!?](?=\s+[A-Z0-9])/g)) {
    const end = found.index + found[0].length
    const before = line.slice(0, end)
    const marksClosed = before.split("**").length % 2 === 1 && !/\[[^\]]*$|\]\([^)]*$/.test(before)
    if (marksClosed) return end
  }
  return line.length
}
