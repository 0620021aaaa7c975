// An answer of the knowledge base as a card: the permit small, the direct sentence large, then what to do and on what it rests.

import { make, write } from "../build.js"
import { blocksOf, leadOf, inline, link, renderBlock } from "../markdown.js"
import { printNode } from "../print.js"
import { dateInWords, languageAround, say } from "../texts.js"

const SHOWN_AT_ONCE = { zh: 260, en: 700 } // characters after the lead; what is longer waits behind "more"
const COPIED_MS = 3000

/** Set `message` (of kind answer) before it is connected; stands in the message's language. */
export class AnswerCard extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", this)
    if (!this.childElementCount) this.#build()
  }

  disconnectedCallback() {
    this.removeEventListener("click", this)
    clearTimeout(this.timer)
  }

  handleEvent({ target }) {
    const act = target.closest("button")?.value
    if (act === "more") this.#unfold(target.closest("button"))
    if (act === "sources") this.#unfoldSources(target.closest("button"))
    if (act === "print") printNode(this.#onPaper(), this.message.answer?.title ?? "", languageAround(this))
    if (act === "copy") this.#copy()
  }

  #build() {
    const language = languageAround(this)
    const { text, answer } = this.message
    const [certain, unconfirmed] = answer?.to_confirm ? apart(text, language) : [text, ""]
    const [lead, blocks] = leadOf(certain, language)
    const body = make("div", { class: "answer-body" })
    if (lead) body.append(make("p", { class: "lead" }, ...inline(lead)))
    const [now, later] = this.#split(blocks, SHOWN_AT_ONCE[language])
    body.append(...now.map(renderBlock))
    if (later.length) {
      body.append(make("div", { class: "rest", hidden: true, tabindex: "-1" }, ...later.map(renderBlock)))
      body.append(make("button", { type: "button", class: "text-button", value: "more" }, say(language, "more")))
    }
    this.append(make("h3", { class: "permit" }, answer?.title ?? ""), body)
    if (answer?.to_confirm) this.append(this.#toConfirm(language, unconfirmed))
    this.append(this.#quietLine(language, answer))
  }

  /** Blocks until the budget is spent, then the rest; never leaves a very short rest behind the button. */
  #split(blocks, budget) {
    const lengths = blocks.map((block) => (block.lines ?? block.items).join("").length)
    let spent = 0
    let shown = 0
    while (shown < blocks.length && (shown === 0 || spent + lengths[shown] <= budget)) spent += lengths[shown++]
    const left = lengths.slice(shown).reduce((sum, length) => sum + length, 0)
    return left < budget / 5 ? [blocks, []] : [blocks.slice(0, shown), blocks.slice(shown)]
  }

  #toConfirm(language, words) {
    const label = make("strong", { class: "to-confirm-label" }, say(language, "toConfirm"))
    return make("p", { class: "to-confirm" }, label, language === "en" ? ": " : "：", words || say(language, "toConfirmWhere"))
  }

  /** As of · sources, and under it what can be done with the card. */
  #quietLine(language, answer) {
    const foot = make("footer", { class: "quiet-line card-foot" })
    const told = make("p", { class: "card-told" })
    if (answer?.as_of) told.append(make("span", {}, say(language, "asOf", { date: dateInWords(language, answer.as_of) })))
    const [first, ...others] = (answer?.sources ?? []).map((source) => make("span", { class: "source" }, ...this.#source(source, language)))
    if (first) told.append(make("span", { class: "sources" }, say(language, "sources"), language === "en" ? ": " : "：", first))
    this.copied = make("span", { class: "copied", role: "status" })
    const button = (value, text, more = {}) => make("button", { type: "button", class: "text-button", value, ...more }, text)
    const acts = make("p", { class: "card-acts" }, button("print", say(language, "print")), button("copy", say(language, "copy")), this.copied)
    if (others.length) acts.prepend(button("sources", say(language, "moreSources", { count: others.length }), { "aria-expanded": "false" }))
    foot.append(told, others.length ? make("p", { class: "other-sources", hidden: true }, ...others) : "", acts)
    return foot
  }

  #source({ title, reference, url }, language) {
    const gap = language === "en" ? ", " : title.endsWith("》") ? "" : " "
    return [link(title, url), reference ? `${gap}${reference}` : ""]
  }

  #unfold(button) {
    const rest = this.querySelector(".rest")
    rest.hidden = false
    button.remove()
    rest.focus({ preventScroll: true })
  }

  #unfoldSources(button) {
    const rest = this.querySelector(".other-sources")
    rest.hidden = !rest.hidden
    button.setAttribute("aria-expanded", String(!rest.hidden))
  }

  async #copy() {
    const language = languageAround(this)
    const done = await copyText(this.#asText(language), this)
    write(this.copied, say(language, done ? "copied" : "notCopied"))
    clearTimeout(this.timer)
    this.timer = setTimeout(() => write(this.copied, ""), COPIED_MS)
  }

  #asText(language) {
    const { text, answer } = this.message
    const plain = text.replace(/\*\*(.+?)\*\*/g, "$1").replace(/\[([^\]]+)\]\((https?:[^)\s]+)\)/g, "$1 $2")
    const sources = (answer?.sources ?? []).map(({ title, reference, url }) => [title, reference, url].filter(Boolean).join(" "))
    const parts = [answer?.title, plain.trim()]
    if (sources.length) parts.push(`${say(language, "sources")}: ${sources.join("; ")}`)
    if (answer?.as_of) parts.push(say(language, "asOf", { date: dateInWords(language, answer.as_of) }))
    return parts.filter(Boolean).join("\n\n")
  }

  #onPaper() {
    const language = languageAround(this)
    const { text, answer } = this.message
    const page = make("article", {}, make("h1", {}, answer?.title ?? ""), ...blocksOf(text).map(renderBlock))
    const sources = make("ul", {})
    for (const source of answer?.sources ?? []) {
      sources.append(make("li", {}, ...this.#source(source, language), source.url ? ` ${source.url}` : ""))
    }
    const asOf = answer?.as_of ? say(language, "asOf", { date: dateInWords(language, answer.as_of) }) : ""
    page.append(make("h2", {}, say(language, "sources")), sources, make("p", {}, asOf))
    return page
  }
}

/** [what is certain, what is not and where it is]: the base writes the latter as a last line of its own. */
function apart(text, language) {
  const at = text.lastIndexOf(say(language, "unconfirmedLine"))
  if (at < 0) return [text, ""]
  return [text.slice(0, at), text.slice(at + say(language, "unconfirmedLine").length).trim()]
}

/** Whether `text` is now on the clipboard; the old way serves pages without https. */
async function copyText(text, near) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const field = make("textarea", { class: "off-screen", "aria-hidden": "true" })
    field.value = text
    near.append(field)
    field.select()
    const done = document.execCommand("copy")
    field.remove()
    return done
  }
}
