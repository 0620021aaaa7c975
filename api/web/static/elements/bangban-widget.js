// The chat on a page: a button, a panel, and between them the conversation. The only element with a shadow root.

import { make, write } from "../build.js"
import { Conversation } from "../conversation.js"
import { icon } from "../icons.js"
import { Keep } from "../keep.js"
import { standingOf } from "../standing.js"
import { languageOf, say, tagOf } from "../texts.js"

const PHONE = "(max-width: 560px), (max-height: 480px)"
const ASKED = [
  "keydown", "message-written", "draft-changed", "option-chosen", "solved", "person-wanted", "repeat-wanted", "retry-wanted",
  "close-wanted", "language-wanted", "large-text-wanted", "end-wanted", "erase-wanted", "erase-cancelled", "erase-confirmed",
  "rated", "anew-wanted", "call-back-form-wanted", "call-back-wanted", "stop-waiting-wanted",
]
const TOLD = ["entries", "state", "connection", "typing", "notice", "returned"]
const TABBABLE = "a[href], button:not([disabled]), textarea, input, [tabindex='0']"

/**
 * Attributes: language ("auto", "zh", "en"), item (the permit to open on), open. Methods: open(), close(), ask(text).
 * Colours and sizes are custom properties (--bangban-…) that the page may set on this element.
 */
export class BangbanWidget extends HTMLElement {
  static observedAttributes = ["open", "language", "item"]
  static sheet = null // set before the element is defined

  #built = false
  #unread = 0
  #seen = 0
  #passing = false
  #tab = new Keep("bangban:", "sessionStorage")
  #conversation = new Conversation({ language: () => this.#language, item: () => this.getAttribute("item") || null })

  connectedCallback() {
    delete this.open // what widget.js lent until now
    delete this.close
    if (!this.#built) this.#build()
    this.#conversation.connect()
    for (const type of TOLD) this.#conversation.addEventListener(type, this)
    window.visualViewport?.addEventListener("resize", this)
    this.#relabel()
    if (this.#tab.get("open") && !matchMedia(PHONE).matches) this.setAttribute("open", "")
    if (this.hasAttribute("open")) this.#show({ takeFocus: false })
    else if (this.#conversation.awaitsPerson) this.#conversation.start()
  }

  disconnectedCallback() {
    this.#conversation.disconnect()
    for (const type of TOLD) this.#conversation.removeEventListener(type, this)
    window.visualViewport?.removeEventListener("resize", this)
  }

  attributeChangedCallback(name, before, after) {
    if (!this.#built || before === after) return
    if (name === "open") after === null ? this.#hide() : this.#show({ takeFocus: true })
    if (name === "language") this.#conversation.preferences = { language: undefined }, this.#relabel()
    if (name === "item") this.#suggestPage()
  }

  open() {
    this.setAttribute("open", "")
  }

  close() {
    this.removeAttribute("open")
  }

  /** Opens the chat and sends `text` as the visitor's. */
  ask(text) {
    this.open()
    const words = String(text ?? "").trim()
    if (words) this.#conversation.start().then(() => this.#conversation.say({ text: words }))
  }

  handleEvent(event) {
    BangbanWidget.#acts[event.type]?.call(this, event)
  }

  // ---- opening and closing

  #show({ takeFocus }) {
    if (!this.panel.hidden) return
    this.panel.hidden = false
    this.launcher.hidden = true
    this.#tab.set("open", true)
    this.#unread = 0
    this.#fit()
    this.panel.setAttribute("aria-modal", String(matchMedia(PHONE).matches))
    if (takeFocus) this.#focusInside()
    this.#conversation.start().then(() => this.#suggestPage())
    this.#update()
  }

  #hide() {
    if (this.panel.hidden) return
    const hadFocus = Boolean(this.shadowRoot.activeElement)
    this.panel.hidden = true
    this.launcher.hidden = false
    this.#tab.remove("open")
    this.#seen = this.#countHeard()
    this.#updateLauncher()
    if (hadFocus || document.activeElement === document.body) this.launcher.focus()
  }

  /** The field is ready to type in; under a finger it waits, so that no keyboard covers the greeting. */
  #focusInside() {
    const open = matchMedia("(pointer: coarse)").matches ? this.log.scroller : this.composer
    const target = this.closing.hidden ? open : this.closing.querySelector("[tabindex], button")
    target?.focus()
  }

  /** The sheet ends above a phone's keyboard. */
  #fit() {
    const height = window.visualViewport?.height
    if (height) this.panel.style.setProperty("--visible-height", `${Math.round(height)}px`)
  }

  #keydown(event) {
    if (event.isComposing || event.keyCode === 229) return
    if (event.key === "Escape") {
      event.stopPropagation()
      if (this.head.menuIsOpen) this.head.closeMenu()
      else this.close()
    }
    if (event.key === "Tab") this.#keepFocusInside(event)
  }

  #keepFocusInside(event) {
    const stops = [...this.panel.querySelectorAll(TABBABLE)].filter((node) => node.getClientRects().length)
    const [first, last] = [stops[0], stops[stops.length - 1]]
    const at = this.shadowRoot.activeElement
    if (event.shiftKey ? at === first : at === last) {
      event.preventDefault()
      ;(event.shiftKey ? last : first).focus()
    }
  }

  // ---- what the conversation tells

  #update() {
    const { phase, entries, state, notice } = this.#conversation
    this.log.update(entries, (id) => this.#conversation.feedbackOn(id), state)
    this.notice.hidden = !notice
    write(this.noticeWords, notice?.[this.#language] ?? "")
    const closingStage = phase === "ended" || phase === "erased" ? phase : this.closing.getAttribute("stage") === "ask-erase" ? "ask-erase" : null
    this.#stage(this.thanked && phase === "ended" ? "thanked" : closingStage)
    this.head.running = phase === "open"
    if (this.suggestion && entries.some((entry) => entry.delivery)) this.suggestion.hidden = true
    this.#updateTyping()
    this.#updateStatus()
    this.#updateLauncher()
  }

  #stage(stage) {
    const changed = this.closing.getAttribute("stage") !== stage
    if (stage && changed) this.closing.setAttribute("stage", stage)
    if (!stage) this.closing.removeAttribute("stage")
    this.closing.hidden = !stage
    this.composer.hidden = Boolean(stage)
    this.log.hidden = stage === "erased"
    if (changed && stage && !this.panel.hidden && this.shadowRoot.activeElement) this.#focusInside()
  }

  #updateTyping() {
    const { typing, entries, state, phase } = this.#conversation
    const sending = entries.some((entry) => entry.delivery === "sending")
    const looking = typing || (sending && state !== "human")
    this.log.typing = phase === "opening" && !entries.length ? "opening" : !looking ? "" : state === "human" ? "typingPerson" : "typing"
  }

  #updateStatus() {
    if (!this.#passing) this.status.show(...standingOf(this.#conversation))
  }

  /** Says one thing for some seconds, then how things stand again. */
  #sayOnce(key, values, tone = "calm") {
    this.#passing = true
    const after = () => {
      this.#passing = false
      this.#updateStatus()
    }
    this.status.show([[key, values]], { tone, passing: true, after })
  }

  #connectionChanged() {
    this.#passing = false
    if (this.#conversation.online) this.#sayOnce("reconnected", {}, "good")
    this.#update()
  }

  #stateChanged() {
    const { state } = this.#conversation
    if (this.lastState === "human" && state === "bot") this.#sayOnce("personLeft")
    if (this.lastState !== "human" && state === "human") this.#sayOnce("personJoined", {}, "good")
    this.lastState = state
    if (this.panel.hidden && this.#conversation.awaitsPerson && this.#conversation.phase === "idle") this.#conversation.start()
    this.#update()
  }

  #countHeard() {
    return this.#conversation.entries.filter((entry) => entry.sender === "agent" || entry.sender === "bot").length
  }

  #updateLauncher() {
    const heard = this.#countHeard()
    if (!this.panel.hidden || !this.#seen) this.#seen = heard
    this.#unread = Math.max(0, heard - this.#seen)
    this.badge.hidden = !this.#unread
    write(this.badge, String(this.#unread))
    this.launcher.setAttribute("aria-label", say(this.#language, this.#unread ? "launcherUnread" : "launcher", { count: this.#unread }))
  }

  // ---- what the visitor asks for

  async #solved({ messageId, resolved, row }) {
    try {
      await this.#conversation.feedback({ message_id: messageId, resolved })
    } catch {
      return row.fail()
    }
    row.settle(resolved)
    if (!resolved) this.#conversation.say({ text: say(languageOf(row.closest("[lang]").lang), "didNotHelp") })
  }

  async #wantPerson() {
    this.log.expect()
    try {
      await this.#conversation.handOver()
    } catch (error) {
      this.#failed(error, "handoffFailed")
    }
  }

  async #erase() {
    try {
      await this.#conversation.erase()
    } catch (error) {
      this.closing.complain(this.#words(error, "offline"))
    }
  }

  /** A rating of one message thanks in its place; that of the whole conversation ends it. */
  async #rate({ form, ...given }) {
    try {
      await this.#conversation.feedback(given)
    } catch (error) {
      if (!error.sessionGone) return form.complain(this.#words(error, "notRecorded"))
    }
    if (given.message_id) return form.settle()
    this.thanked = true
    this.#update()
  }

  async #callBack({ form, wish }) {
    try {
      await this.#conversation.callBack(wish)
      if (form.isConnected) form.settle()
      else this.composer.focus() // the desk's answer has taken the form's place
    } catch (error) {
      form.complain(this.#words(error, "handoffFailed"))
    }
  }

  async #stopWaiting() {
    try {
      await this.#conversation.stopWaiting()
    } catch (error) {
      this.#failed(error, "handoffFailed")
    }
  }

  async #anew() {
    this.thanked = false
    this.#stage(null)
    await this.#conversation.startAnew()
    this.#focusInside()
  }

  async #suggestPage() {
    if (this.panel.hidden || this.#conversation.untouched) return
    const item = await this.#conversation.pageItem()
    this.suggestion?.remove()
    this.suggestion = null
    if (!item?.name) return
    const overview = item.entries?.find((entry) => entry.facet === "overview") ?? item.entries?.[0]
    const name = item.name[this.#language]
    this.suggestion = make("button", { type: "button", class: "suggestion" }, say(this.#language, "aboutThisPage", { name }))
    this.suggestion.addEventListener("click", () => {
      this.suggestion.remove()
      this.suggestion = null
      this.#conversation.say({ text: overview?.question?.[this.#language] ?? name })
      this.composer.focus()
    })
    this.composer.before(this.suggestion)
  }

  #failed(error, offlineKey) {
    if (error.detail) this.#sayOnce("refusedLine", { detail: error.detail }, "warn")
    else this.#sayOnce(offlineKey, {}, "warn")
  }

  #words(error, offlineKey) {
    return error.detail || say(this.#language, offlineKey)
  }

  // ---- language and size

  get #language() {
    const asked = this.getAttribute("language")
    const chosen = this.#conversation.preferences.language ?? (asked === "zh" || asked === "en" ? asked : null)
    return chosen ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en")
  }

  /** The other interface language; a conversation in which nothing was said yet starts anew in it. */
  async #setLanguage(language) {
    this.#conversation.preferences = { language }
    this.#relabel()
    const { phase, untouched } = this.#conversation
    if (phase === "open" && untouched) {
      await this.#conversation.erase().then(() => this.#conversation.startAnew(), () => {})
    }
  }

  #relabel() {
    const language = this.#language
    for (const root of [this.panel, this.launcher]) root.lang = tagOf(language)
    this.panel.setAttribute("aria-label", say(language, "dialog"))
    write(this.launcherText, say(language, "launcher"))
    for (const part of [this.head, this.status, this.log, this.composer, this.closing]) part.relabel()
    write(this.noticeName, say(language, "desksNotice"))
    write(this.noticeWords, this.#conversation.notice?.[language] ?? "")
    this.#setLargeText(this.#conversation.preferences.largeText ?? false)
    this.#updateLauncher()
    if (this.suggestion) this.#suggestPage()
  }

  #setLargeText(on) {
    this.panel.classList.toggle("large-text", on)
    this.head.largeText = on
  }

  #build() {
    this.#built = true
    const root = this.attachShadow({ mode: "open" })
    root.adoptedStyleSheets = [BangbanWidget.sheet]
    this.launcherText = make("span", { class: "launcher-text" })
    this.badge = make("span", { class: "badge", "aria-hidden": "true", hidden: true })
    this.launcher = make("button", { type: "button", class: "launcher", "aria-haspopup": "dialog" }, icon("chat"), this.launcherText, this.badge)
    this.launcher.addEventListener("click", () => this.open())
    this.panel = make("div", { class: "panel", role: "dialog", hidden: true, lang: tagOf(this.#language) })
    root.append(this.launcher, this.panel) // before its parts: they look for their language upwards
    this.head = document.createElement("bangban-chat-header")
    this.status = document.createElement("bangban-status-line")
    this.noticeName = make("strong", {})
    this.noticeWords = make("span", {})
    this.notice = make("p", { class: "desk-notice", role: "status", hidden: true }, this.noticeName, " ", this.noticeWords)
    this.log = document.createElement("bangban-message-log")
    this.closing = document.createElement("bangban-closing-form")
    this.closing.hidden = true
    this.composer = document.createElement("bangban-message-composer")
    this.panel.append(this.head, this.notice, this.status, this.log, this.closing, this.composer)
    for (const type of ASKED) this.panel.addEventListener(type, this)
    this.composer.text = this.#tab.get("draft", "")
  }

  /** By event type: what the parts ask for, then what the conversation tells. */
  static #acts = {
    keydown(event) { this.#keydown(event) },
    resize() { this.#fit() },
    // what the parts ask for
    "message-written"({ detail }) { this.#conversation.say({ text: detail.text }) },
    "draft-changed"({ detail }) {
      if (!detail.text) return this.#tab.remove("draft")
      this.#tab.set("draft", detail.text)
      this.#conversation.tellTyping()
    },
    "option-chosen"({ detail }) { this.#conversation.say(detail) },
    solved({ detail }) { this.#solved(detail) },
    "person-wanted"() { this.#wantPerson() },
    "repeat-wanted"({ detail }) { this.#conversation.repeat(this.#conversation.entries.find((entry) => entry.key === detail.key)) },
    "retry-wanted"() { this.#conversation.retryNow() },
    "close-wanted"() { this.close() },
    "language-wanted"({ detail }) { this.#setLanguage(detail.language) },
    "large-text-wanted"() {
      const on = !this.#conversation.preferences.largeText
      this.#conversation.preferences = { largeText: on }
      this.#setLargeText(on)
    },
    "end-wanted"() { this.#conversation.end() },
    "erase-wanted"() { this.#stage("ask-erase") },
    "erase-cancelled"() { this.#stage(null), this.#update(), this.#focusInside() },
    "erase-confirmed"() { this.#erase() },
    rated({ detail }) { this.#rate(detail) },
    "anew-wanted"() { this.#anew() },
    "call-back-form-wanted"({ target }) {
      const form = document.createElement("bangban-callback-form")
      target.replaceWith(form)
      form.querySelector("[name=contact]").focus()
    },
    "call-back-wanted"({ detail }) { this.#callBack(detail) },
    "stop-waiting-wanted"() { this.#stopWaiting() },
    // what the conversation tells
    entries() { this.#update() },
    state() { this.#stateChanged() },
    connection() { this.#connectionChanged() },
    typing() { this.#updateTyping() },
    notice({ detail }) { this.#sayOnce(detail, {}, "warn") },
    returned({ detail }) {
      if (!this.composer.text) this.composer.text = detail.text
      this.composer.complain(detail.detail)
      this.composer.focus()
    },
  }
}
