// Prints one node alone, on its own page, so that neither the chat nor the page around it is on the paper.

const PAPER = `
  body { font: 12pt/1.7 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans SC", sans-serif; margin: 2cm; max-width: 68ch }
  h1 { font-size: 16pt } h2 { font-size: 12pt } li { margin: 0.25em 0 }
`

export function printNode(node, title, language) {
  const frame = document.createElement("iframe")
  frame.setAttribute("aria-hidden", "true")
  frame.tabIndex = -1
  Object.assign(frame.style, { position: "fixed", inset: "0 auto auto -9999px", width: "1px", height: "1px", border: "0" })
  document.body.append(frame)
  const paper = frame.contentDocument
  const style = new frame.contentWindow.CSSStyleSheet()
  style.replaceSync(PAPER)
  paper.adoptedStyleSheets = [style]
  paper.documentElement.lang = language
  paper.title = title
  paper.body.append(paper.importNode(node, true))
  frame.contentWindow.addEventListener("afterprint", () => setTimeout(() => frame.remove()), { once: true })
  frame.contentWindow.focus()
  frame.contentWindow.print()
}
