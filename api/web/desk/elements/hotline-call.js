// One call: its telephones as they are now, who is next, and what can be done. Tells "call-act" {id, act}.

import { make, tell } from "../../static/build.js"
import { HotlineElement } from "../hotline-element.js"

const ATTEMPTS = ["connected", "no_answer", "busy", "declined", "unreachable"]

export class HotlineCall extends HotlineElement {
  #shown = ""

  connectedCallback() {
    this.addEventListener("click", this)
  }

  disconnectedCallback() {
    this.removeEventListener("click", this)
  }

  handleEvent({ target }) {
    const act = target.closest("button")?.value
    if (act) tell(this, "call-act", { id: this.dataset.id, act })
  }

  /** Draws anew only what has changed, so that a button stays under the finger and the focus on it. */
  update(call) {
    const shown = JSON.stringify(call)
    if (shown === this.#shown) return
    this.#shown = shown
    const focused = this.contains(document.activeElement) ? document.activeElement.value : null
    this.dataset.id = call.id
    this.dataset.state = call.state
    const failure = call.failure ? `: ${this.say(`failure_${call.failure}`)}` : ""
    const head = make("div", { class: "talk-row" }, make("h3", {}, this.mine(call.item) || call.reason), make("span", { class: "tag", role: "status" }, this.say(`state_${call.state}`) + failure))
    const legs = make("ol", { class: "plain hotline-legs" }, ...call.legs.map((leg) => this.#leg(leg)))
    this.replaceChildren(head, ...(call.item ? [make("p", { class: "quiet" }, call.reason)] : []), legs, ...this.#next(call), ...this.#callback(call))
    if (focused) this.querySelector(`button[value="${focused}"]`)?.focus()
  }

  #leg({ party, person, window, state, failure, note }) {
    const who = party === "window" ? `${person} (${window})` : this.say(`party_${party}`)
    const how = failure ? this.say(`failure_${failure}`) : this.say(`leg_${state}`)
    return make("li", { class: "hotline-leg", "data-state": state }, make("span", {}, who), make("strong", {}, how), note ? make("span", { class: "quiet" }, note) : null)
  }

  #next(call) {
    const [next] = call.line
    const parts = []
    if (call.state === "ringing" && next) parts.push(make("p", { class: "hotline-next" }, this.say("nextInLine", { ...next, address: next.address ?? "" })))
    if (!call.by_hand) {
      if (["ringing", "connected"].includes(call.state)) parts.push(this.#acts([["end", "endCall", "grave"]]))
    } else if (call.state === "ringing") {
      parts.push(this.#acts([...ATTEMPTS.map((act) => [act, act === "connected" ? "log_connected" : `failure_${act}`, act === "connected" ? "main" : ""]), ["given_up", "log_given_up", "grave"]]))
    } else if (call.state === "connected") parts.push(this.#acts([["ended", "log_ended", ""]]))
    return parts
  }

  #callback({ callback }) {
    if (!callback.wanted) return []
    const words = callback.number ? this.say("callBack", { number: callback.number }) : this.say("callBackHidden")
    return [make("p", { class: "tag warn" }, words), ...(callback.number ? [this.#acts([["called_back", "log_called_back", ""]])] : [])]
  }

  #acts(acts) {
    return make("div", { class: "hotline-acts" }, ...acts.map(([value, key, look]) => make("button", { type: "button", class: `button ${look}`, value }, this.say(key))))
  }
}
