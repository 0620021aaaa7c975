// Who can be rung, in order. Who keeps the roster edits it here. Tells "roster-written" {duties}.

import { make, tell } from "../../static/build.js"
import { HotlineElement } from "../hotline-element.js"
import { labelled } from "./desk-dialog.js"

const NEW = { id: null, window: "", person: "", address: "", families: [], hours: "9:00-17:00", every_day: false, on_duty: true }

export class HotlineRoster extends HotlineElement {
  connectedCallback() {
    this.addEventListener("submit", this)
    this.addEventListener("click", this)
  }

  disconnectedCallback() {
    this.removeEventListener("submit", this)
    this.removeEventListener("click", this)
  }

  handleEvent(event) {
    if (event.type === "submit") return event.preventDefault(), tell(this, "roster-written", { duties: this.#written() })
    const wish = event.target.closest("button")?.value
    const row = event.target.closest("fieldset")
    if (wish === "add") this.rows.append(this.#fields(NEW)), this.rows.lastElementChild.querySelector("input").focus()
    if (wish === "remove") row.remove()
    if (wish === "up" && row.previousElementSibling) row.previousElementSibling.before(row), event.target.closest("button").focus()
  }

  /** `families`: [{id, name}]. */
  update(roster, families) {
    this.families = families
    const title = make("h2", { class: "list-title" }, this.say("rosterTitle"))
    if (roster.may_change) return this.replaceChildren(title, this.#form(roster))
    const rows = roster.duties.map((duty) => make("li", { class: "hotline-leg" }, make("span", {}, `${duty.person} (${duty.window})`), make("span", { class: "quiet" }, `${duty.address_hint} · ${duty.hours} · ${this.say(duty.open_now ? "openNow" : "closedNow")}`)))
    this.replaceChildren(title, rows.length ? make("ol", { class: "hotline-legs" }, ...rows) : make("p", { class: "quiet" }, this.say("rosterNone")))
  }

  #form({ duties }) {
    this.rows = make("div", { class: "hotline-duties" }, ...duties.map((duty) => this.#fields(duty)))
    const acts = make("div", { class: "hotline-acts" }, make("button", { type: "button", class: "button", value: "add" }, this.say("add")), make("button", { class: "button main" }, this.say("save")))
    return make("form", { novalidate: true }, this.rows, acts)
  }

  #fields(duty) {
    const text = (name, words, most = 80) => labelled(this.say(words), make("input", { class: "field", name, value: duty[name] ?? "", maxlength: most, autocomplete: "off" }))
    const ticked = (name, words) => make("label", { class: "hotline-tick" }, make("input", { type: "checkbox", name, checked: duty[name] }), this.say(words))
    const families = make("select", { class: "field", name: "families", multiple: true, size: 3 }, ...this.families.map(({ id, name }) => make("option", { value: id, selected: duty.families.includes(id) }, this.mine(name))))
    const act = (value) => make("button", { type: "button", class: "button bare", value }, this.say(value))
    return make(
      "fieldset", { class: "hotline-duty", "data-id": duty.id },
      make("legend", { class: "off-screen" }, duty.person || this.say("add")),
      text("window", "window"), text("person", "person"), text("address", "address", 320), text("hours", "hours", 20), labelled(this.say("families"), families),
      ticked("on_duty", "onDuty"), ticked("every_day", "everyDay"), make("div", { class: "hotline-acts" }, act("up"), act("remove")),
    )
  }

  #written() {
    return [...this.rows.children].map((row) => {
      const field = (name) => row.querySelector(`[name=${name}]`)
      const address = field("address").value.trim()
      return {
        ...(row.dataset.id ? { id: row.dataset.id } : {}), ...(address ? { address } : {}),
        window: field("window").value, person: field("person").value, hours: field("hours").value.trim(),
        families: [...field("families").selectedOptions].map((option) => option.value),
        every_day: field("every_day").checked, on_duty: field("on_duty").checked,
      }
    })
  }
}
