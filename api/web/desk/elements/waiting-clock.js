// How long someone has waited: the loudest thing on the desk. Colour, shape and words change together at 40 and 60 s.

import { make, write } from "../../static/build.js"
import { clockFace, everySecond, gradeOf, secondsSince } from "../clock.js"
import { DeskElement } from "../desk-element.js"

const SHAPES = { calm: "○", soon: "◆", late: "▲" }

/** Set `since` (a moment of the steady clock, see clock.js; null stops it). Its width does not depend on the time. */
export class WaitingClock extends DeskElement {
  #since = null
  #end = null

  connectedCallback() {
    if (!this.childElementCount) this.#build()
    this.#run()
  }

  disconnectedCallback() {
    this.#end?.()
    this.#end = null
  }

  set since(moment) {
    if (this.#since === moment) return
    this.#since = moment
    if (this.isConnected) this.#run()
  }

  #run() {
    this.#end?.()
    this.#end = this.#since === null ? null : everySecond(() => this.#tick())
    this.hidden = this.#since === null
  }

  #tick() {
    const seconds = secondsSince(this.#since)
    const grade = gradeOf(seconds)
    write(this.face, clockFace(seconds))
    if (this.dataset.grade === grade) return
    this.dataset.grade = grade
    write(this.shape, SHAPES[grade])
    write(this.words, this.say(`wait_${grade}`))
  }

  #build() {
    this.setAttribute("role", "timer")
    this.shape = make("span", { class: "shape", "aria-hidden": "true" })
    this.face = make("span", { class: "face" })
    this.words = make("span", { class: "grade" })
    this.append(this.shape, this.face, this.words)
  }
}
