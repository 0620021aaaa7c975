// The top line: presence, how many wait and how long, the connection, what holds for everyone, and the way to the rest.

import { make, tell, write } from "../../static/build.js"
import { actButton } from "../acts.js"
import { DeskElement } from "../desk-element.js"

const PRESENCE = ["online", "away", "offline"]

/** `update(station)`. Tells "presence-wanted" {state} and "retry-wanted". Each part has its place, so that nothing moves. */
export class DeskBar extends DeskElement {
  connectedCallback() {
    if (!this.childElementCount) this.#build()
    this.addEventListener("change", this)
  }

  disconnectedCallback() {
    this.removeEventListener("change", this)
  }

  handleEvent({ target }) {
    if (target.name === "presence") tell(this, "presence-wanted", { state: target.value })
  }

  update(station) {
    const { presence, queue, online, unsent, house, user } = station
    for (const radio of this.querySelectorAll("[name=presence]")) radio.checked = radio.value === presence
    write(this.waiting, this.say("waitingCount", { count: queue.length }))
    this.longest.since = queue.length ? Math.min(...queue.map(({ waitingSince }) => waitingSince)) : null
    this.connection.dataset.online = String(online)
    write(this.connection, online ? this.say(unsent ? "sendingCount" : "connected", { count: unsent }) : this.say("offlineCount", { count: unsent }))
    const modes = [house.notice ? "noticeOn" : null, house.everyoneToPeople ? "everyoneOn" : null].filter(Boolean)
    write(this.modes, modes.map((key) => this.say(key)).join(" · "))
    this.modes.hidden = !modes.length
    this.house.hidden = this.keepCanned.hidden = !station.may("see_supervision")
    this.supervision.hidden = !station.may("follow_up")
    this.hotline.hidden = !station.may("use_hotline")
    write(this.settings.querySelector(".label"), user?.display_name ?? "")
  }

  #build() {
    const mark = make("img", { src: "/static/mark.svg", alt: "", width: 28, height: 28 })
    const name = make("h1", { class: "bar-name" }, mark, make("span", {}, this.say("deskName")))
    const states = PRESENCE.map((state) =>
      make("label", { class: `presence ${state}` }, make("input", { type: "radio", name: "presence", value: state }), make("span", { class: "dot", "aria-hidden": "true" }), make("span", {}, this.say(`presence_${state}`))),
    )
    const presence = make("fieldset", { class: "presences" }, make("legend", { class: "off-screen" }, this.say("presence")), ...states, make("kbd", { "aria-hidden": "true" }, "P"))
    this.waiting = make("span", { class: "bar-waiting number" })
    this.longest = document.createElement("waiting-clock")
    this.connection = make("span", { class: "connection", role: "status", "data-online": "true" })
    this.modes = make("strong", { class: "modes", hidden: true })
    this.keepCanned = actButton(this.language, "keepCanned", { look: "bare", hidden: true })
    this.house = actButton(this.language, "house", { look: "bare", hidden: true })
    this.supervision = actButton(this.language, "supervision", { look: "bare", hidden: true })
    this.hotline = actButton(this.language, "hotline", { look: "bare", hidden: true })
    this.settings = actButton(this.language, "settings", { look: "bare" })
    const act = (name) => actButton(this.language, name, { look: "bare" })
    this.append(name, presence, this.waiting, this.longest, this.connection, this.modes, make("nav", { class: "bar-acts", "aria-label": this.say("tools") }, act("pastTickets"), this.keepCanned, this.house, this.supervision, this.hotline, act("otherLanguage"), act("keys"), this.settings))
  }
}
