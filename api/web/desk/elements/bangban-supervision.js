// The supervision page: asks every few seconds, gives its parts the news, and closes follow-ups.

import { make, write } from "../../static/build.js"
import { tagOf } from "../../static/texts.js"
import { askHowItWent } from "../call-back.js"
import { DeskClient } from "../desk-client.js"
import { Preferences } from "../preferences.js"
import { SupervisionElement } from "../supervision-element.js"
import { REASONS } from "../supervision-texts.js"
import { Incomplete, labelled, openDialog } from "./desk-dialog.js"

const AGAIN_MS = 5_000
const DAY_MS = 86_400_000
const HEARD = ["click", "change", "shown-wanted", "closing-wanted"]
const ASKED = { showOpen: { state: "open" }, showOverdue: { overdue: "true" }, showCallBacks: { state: "open", about: "callback" }, showClosed: { state: "closed" } }

export class BangbanSupervision extends SupervisionElement {
  #client = new DeskClient()
  #preferences = new Preferences()
  #permissions = []
  #days = {} // {from, to}; without them: today
  #shown = "showOpen"
  #timer = null
  #round = 0 // replies to older questions are dropped
  #asOf = null
  #facets = {}

  async connectedCallback() {
    for (const type of HEARD) this.addEventListener(type, this)
    document.addEventListener("visibilitychange", this)
    this.#build()
    await this.#begin()
  }

  disconnectedCallback() {
    for (const type of HEARD) this.removeEventListener(type, this)
    document.removeEventListener("visibilitychange", this)
    clearTimeout(this.#timer)
  }

  handleEvent(event) {
    BangbanSupervision.#heard[event.type].call(this, event)
  }

  static #heard = {
    click({ target }) {
      const wish = target.closest("button")?.value
      if (wish === "language") this.#switchLanguage()
      else if (wish in SPANS) this.#choose(this.#lastDays(SPANS[wish]))
    },
    change({ target }) {
      if (target.form !== this.form) return
      const [from, to] = [this.form.elements.from.value, this.form.elements.to.value]
      if (from && to) this.#choose({ from, to })
    },
    "shown-wanted"({ detail }) {
      this.#shown = detail.shown
      this.#ask()
    },
    "closing-wanted"({ detail }) {
      this.#close(detail.followUp)
    },
    visibilitychange() {
      if (!document.hidden && this.#may("follow_up")) this.#ask()
    },
  }

  // ---- asking

  /** Who is it, and what may they see? Then the questions begin. */
  async #begin() {
    try {
      const [{ permissions }, facets] = await Promise.all([this.#client.me(), this.#client.facets()])
      this.#permissions = permissions
      this.#facets = facets
    } catch (failure) {
      if (failure.status === 401) return location.assign("/desk/login")
      this.#complain(failure.detail || this.say("noConnection"))
      if (this.isConnected) this.#timer = setTimeout(() => this.#begin(), AGAIN_MS)
      return
    }
    this.#build()
    if (!this.#may("follow_up")) return this.#complain(this.say("notForYou"))
    await this.#ask()
  }

  /** One round of questions, then the next in a while. A page that nobody looks at asks nothing. */
  async #ask() {
    clearTimeout(this.#timer)
    const round = ++this.#round
    try {
      const [figures, followUps, reasons] = await Promise.all([
        this.#may("see_supervision") ? this.#client.supervision(this.#days) : null,
        this.#client.followUps(ASKED[this.#shown]),
        this.#client.followUpReasons(),
      ])
      if (round !== this.#round) return
      if (figures) this.#show(figures)
      this.followUps.facets = this.#facets
      this.followUps.update(followUps, this.#shown)
      this.followUps.reasons(reasons)
      this.#asOf = Date.now() + this.#client.clockOffsetMs
      write(this.time, this.say("asOf", { time: this.clockTime(this.#asOf) }))
      this.#complain("")
    } catch (failure) {
      if (round !== this.#round) return
      if (failure.status === 401) return location.assign("/desk/login")
      const stale = this.#asOf ? this.say("stale", { time: this.clockTime(this.#asOf) }) : this.say("noConnection")
      this.#complain(failure.status === 422 ? this.say("daysWrong") : failure.detail || stale)
    }
    if (this.isConnected && !document.hidden) this.#timer = setTimeout(() => this.#ask(), AGAIN_MS)
  }

  #show(figures) {
    this.figures.update(figures)
    for (const name of ["from", "to"]) {
      const field = this.form.elements[name]
      if (document.activeElement !== field) field.value = figures[name]
    }
    this.csv.href = this.#client.supervisionCsvUrl(figures)
  }

  #choose(days) {
    this.#days = days
    this.#ask()
  }

  /** The last so many days, in Shanghai; today is told by nothing, so that it goes on after midnight. */
  #lastDays(count) {
    if (count === 1) return {}
    const dayOf = (moment) => new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai" }).format(moment)
    const now = Date.now() + this.#client.clockOffsetMs
    return { from: dayOf(now - (count - 1) * DAY_MS), to: dayOf(now) }
  }

  // ---- doing

  #close(followUp) {
    if (followUp.about === "callback") return this.#closeCallBack(followUp)
    const reason = make("select", { name: "reason", required: true }, make("option", { value: "" }, this.say("chooseReason")), ...REASONS.map((name) => make("option", { value: name }, this.say(`reason_${name}`))))
    const action = make("textarea", { name: "action", rows: 4, maxlength: 1000, required: true })
    openDialog(this, {
      title: this.say("closeTitle"),
      content: [
        make("p", {}, this.mine(followUp.item) || followUp.item_id || this.say("noItem")), followUp.comment ? make("blockquote", { class: "quiet as-written" }, followUp.comment) : "",
        labelled(this.say("reason"), reason), labelled(this.say("action"), action, this.say("actionHelp")),
      ].filter(Boolean),
      submitLabel: this.say("close_followUp"),
      submit: async (form) => {
        const told = { reason: form.get("reason"), action: form.get("action").trim() }
        if (!told.reason || !told.action) throw new Incomplete(this.say("closeMissing"))
        await this.#client.closeFollowUp(followUp.id, told)
        this.#closed("closedNow")
      },
    })
    reason.focus()
  }

  #closeCallBack({ id, ticket_number: number, callback }) {
    askHowItWent(this, [number, callback?.when], async (wish) => {
      await this.#client.closeCallBack(id, wish)
      this.#closed(wish.again_on ? "callBackPutOff" : "callBackClosed")
    })
  }

  #closed(key) {
    write(this.announcer, this.say(key))
    this.followUps.focusHeading() // the button is about to go
    this.#ask()
  }

  #switchLanguage() {
    this.#preferences.language = this.language === "en" ? "zh" : "en"
    this.#build()
    this.querySelector("[value=language]").focus()
    if (this.#may("follow_up")) this.#ask()
  }

  /** The server decides; this only spares questions that it would refuse. */
  #may(permission) {
    return this.#permissions.includes(permission)
  }

  #complain(words) {
    write(this.error, words)
    this.error.hidden = !words
  }

  #build() {
    const language = this.#preferences.language
    this.lang = document.documentElement.lang = tagOf(language)
    document.title = this.say("pageName")
    const other = language === "en" ? "zh" : "en"
    this.time = make("span", { class: "quiet number" })
    this.error = make("p", { class: "supervision-error", role: "alert", hidden: true })
    this.announcer = make("p", { class: "off-screen", role: "status" })
    this.csv = make("a", { class: "button", download: true, href: this.#client.supervisionCsvUrl(this.#days) }, this.say("csv"))
    this.form = make("form", { class: "days", "aria-label": this.say("days") }, this.#day("from"), this.#day("to"), ...Object.keys(SPANS).map((span) => make("button", { type: "button", class: "button", value: span }, this.say(span))), this.csv)
    this.figures = document.createElement("supervision-figures")
    this.followUps = document.createElement("follow-up-list")
    const mark = make("img", { src: "/static/mark.svg", alt: "", width: 28, height: 28 })
    const bar = make(
      "header", { class: "bar supervision-bar" }, make("h1", { class: "bar-name" }, mark, make("span", {}, this.say("pageName"))), this.time,
      make("nav", { class: "bar-acts", "aria-label": this.say("tools") }, make("a", { class: "button bare", href: "/desk" }, this.say("backToDesk")), make("button", { type: "button", class: "button bare", value: "language", lang: tagOf(other) }, this.say("otherLanguage"))),
    )
    const seen = [this.#may("see_supervision") && this.form, this.#may("see_supervision") && this.figures, this.#may("follow_up") && this.followUps]
    this.replaceChildren(bar, make("main", { class: "supervision-main" }, this.error, ...seen.filter(Boolean)), this.announcer)
  }

  #day(name) {
    return make("label", { class: "day" }, make("span", {}, this.say(name)), make("input", { type: "date", name, class: "field" }))
  }
}

const SPANS = { today: 1, last7: 7, last30: 30 } // days up to today
