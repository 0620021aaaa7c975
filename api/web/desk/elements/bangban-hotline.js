// The hotline page: search, start a call, the calls as they go, the roster, the rate. It asks again while a call is open.

import { make, write } from "../../static/build.js"
import { tagOf } from "../../static/texts.js"
import { DeskClient } from "../desk-client.js"
import { HotlineElement } from "../hotline-element.js"
import { Preferences } from "../preferences.js"
import { labelled } from "./desk-dialog.js"

const OPEN_MS = 1_000 // while a call is under way
const QUIET_MS = 10_000
const HEARD = ["click", "submit", "item-wanted", "call-act", "roster-written"]

export class BangbanHotline extends HotlineElement {
  #client = new DeskClient()
  #preferences = new Preferences()
  #timer = null
  #rosterRevision = null

  async connectedCallback() {
    for (const type of HEARD) this.addEventListener(type, this)
    await this.#begin()
  }

  disconnectedCallback() {
    for (const type of HEARD) this.removeEventListener(type, this)
    clearTimeout(this.#timer)
  }

  handleEvent(event) {
    BangbanHotline.#heard[event.type].call(this, event)
  }

  static #heard = {
    click({ target }) {
      if (target.closest("button")?.value !== "language") return
      this.#preferences.language = this.language === "en" ? "zh" : "en"
      this.#begin().then(() => this.querySelector("[value=language]").focus())
    },
    submit(event) {
      if (!event.target.matches(".hotline-start")) return
      event.preventDefault()
      this.#start(new FormData(event.target))
    },
    "item-wanted"({ detail }) {
      this.form.elements.item_id.value = detail.itemId
      if (!this.form.elements.reason.value) this.form.elements.reason.value = detail.words
      this.form.elements.reason.focus()
    },
    "call-act"({ detail: { id, act } }) {
      this.#act(() => (act === "end" ? this.#client.endCall(id) : this.#client.logCall(id, act)))
    },
    "roster-written"({ detail: { duties } }) {
      this.#saveRoster(duties)
    },
  }

  async #start(form) {
    const told = Object.fromEntries([...form].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value))
    if (!told.reason) return this.#complain(this.say("reasonMissing"))
    if (told.operator_phone !== undefined) this.#preferences.set("operatorPhone", told.operator_phone)
    const wish = { ...told, ring_caller: Boolean(told.ring_caller) }
    await this.#act(() => this.#client.startCall(wish), (failure) => (failure.status === 422 ? this.say("numberWrong") : null))
    if (!this.error.hidden) return
    for (const name of ["reason", "callback_number", "item_id"]) this.form.elements[name].value = ""
  }

  async #saveRoster(duties) {
    const why = ({ status }) => ({ 409: this.say("rosterStale"), 422: this.say("rosterWrong") })[status]
    const saved = await this.#act(() => this.#client.putRoster(this.#rosterRevision, duties), why)
    if (saved || this.failedWith === 409) await this.#readRoster()
    write(this.told, saved ? this.say("saved") : "")
  }

  /** Do something, read the calls again; whether it came to pass. `why` words a failure. */
  async #act(call, why = () => null) {
    this.#complain("")
    write(this.told, "")
    this.failedWith = null
    try {
      await call()
      return true
    } catch (failure) {
      this.failedWith = failure.status ?? 0
      this.#complain(why(failure) ?? this.say(failure.status ? "refused" : "noConnection"))
      return false
    } finally {
      await this.#read()
    }
  }

  async #read() {
    clearTimeout(this.#timer)
    let isOpen = false
    try {
      const [{ calls }, rate] = await Promise.all([this.#client.calls(), this.#client.connectionRate()])
      isOpen = calls.some(({ state }) => ["ringing", "connected"].includes(state))
      this.#showCalls(calls)
      this.#showRate(rate)
    } catch (failure) {
      if (failure.status === 401) return location.assign("/desk/login")
      this.#complain(this.say("noConnection"))
    }
    if (this.isConnected) this.#timer = setTimeout(() => this.#read(), isOpen ? OPEN_MS : QUIET_MS)
  }

  #showCalls(calls) {
    const known = new Map([...this.calls.children].map((row) => [row.dataset.id, row]))
    calls.forEach((call, place) => {
      const row = known.get(call.id) ?? document.createElement("hotline-call")
      known.delete(call.id)
      if (this.calls.children[place] !== row) this.calls.insertBefore(row, this.calls.children[place] ?? null)
      row.update(call)
    })
    for (const row of known.values()) row.remove()
    this.none.hidden = calls.length > 0
  }

  #showRate({ rate, connected, asked, target, is_met: isMet }) {
    const words = rate === null ? this.say("rateNone") : `${this.say("rate", { rate: this.shareReached(rate), connected, asked, target: this.shareReached(target) })} · ${this.say(isMet ? "rateMet" : "rateMissed")}`
    write(this.rate, words)
    this.rate.dataset.met = String(isMet ?? "")
  }

  async #readRoster() {
    try {
      const [roster, { groups }] = await Promise.all([this.#client.roster(), this.#client.colleagues()])
      this.#rosterRevision = roster.revision
      this.rosterPart.update(roster, groups)
      this.exchangeFields.hidden = !roster.exchange
      this.byHand.hidden = roster.exchange
    } catch (failure) {
      if (failure.status === 401) return location.assign("/desk/login")
      this.#complain(this.say("noConnection"))
    }
  }

  #complain(words) {
    write(this.error, words)
    this.error.hidden = !words
  }

  async #begin() {
    this.#build()
    await this.#readRoster()
    await this.#readItems()
    await this.#read()
  }

  async #readItems() {
    const { items } = await this.#client.items().catch(() => ({ items: [] }))
    const options = items.map(({ item_id: id, name }) => make("option", { value: id }, this.mine(name)))
    this.form.elements.item_id.replaceChildren(make("option", { value: "" }, this.say("anyItem")), ...options)
  }

  #build() {
    const language = this.#preferences.language
    this.lang = document.documentElement.lang = tagOf(language)
    document.title = this.say("hotlineName")
    const other = tagOf(language === "en" ? "zh" : "en")
    this.rate = make("strong", { class: "hotline-rate number", role: "status" })
    this.error = make("p", { class: "hotline-error", role: "alert", hidden: true })
    this.told = make("span", { class: "hotline-told", role: "status" })
    const bar = make(
      "header", { class: "bar hotline-bar" }, make("h1", { class: "bar-name" }, make("img", { src: "/static/mark.svg", alt: "", width: 28, height: 28 }), this.say("hotlineName")), this.rate, this.told,
      make("nav", { class: "bar-acts", "aria-label": this.say("tools") }, make("a", { class: "button bare", href: "/desk" }, this.say("toDesk")), make("button", { type: "button", class: "button bare", value: "language", lang: other }, this.say("otherLanguage"))),
    )
    const search = document.createElement("hotline-search")
    search.client = this.#client
    this.calls = make("div", { class: "hotline-calls" })
    this.none = make("p", { class: "quiet" }, this.say("callsNone"))
    this.rosterPart = document.createElement("hotline-roster")
    // The form stands over the calls, not under the search, whose answers would push it away.
    const calls = make("section", { class: "hotline-part" }, this.#startForm(), make("h2", { class: "list-title" }, this.say("callsTitle")), this.none, this.calls)
    this.replaceChildren(bar, make("main", { class: "hotline-main" }, this.error, search, calls, make("div", { class: "hotline-part" }, this.rosterPart)))
  }

  #startForm() {
    const phone = (name, value = "") => make("input", { name, type: "tel", maxlength: 40, autocomplete: "off", value })
    this.byHand = make("p", { class: "quiet" }, this.say("byHandHelp"))
    this.exchangeFields = make(
      "div", { class: "hotline-form", hidden: true },
      labelled(this.say("ownPhone"), phone("operator_phone", this.#preferences.get("operatorPhone")), this.say("ownPhoneHelp")),
      make("label", { class: "hotline-tick" }, make("input", { type: "checkbox", name: "ring_caller", value: "yes" }), this.say("ringCaller")),
    )
    this.form = make(
      "form", { class: "hotline-start hotline-form", novalidate: true }, make("h2", { class: "list-title" }, this.say("startTitle")),
      labelled(this.say("reason"), make("input", { name: "reason", maxlength: 1000, autocomplete: "off" }), this.say("reasonHelp")),
      labelled(this.say("item"), make("select", { name: "item_id" })),
      labelled(this.say("callbackNumber"), phone("callback_number"), this.say("callbackHelp")),
      this.exchangeFields, this.byHand, make("button", { class: "button main" }, this.say("start")),
    )
    return this.form
  }
}
