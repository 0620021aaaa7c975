// A question of the desk in the browser's own dialog: it keeps the focus inside, ends with Esc, and gives the focus back.

import { make, write } from "../../static/build.js"
import { languageAround } from "../../static/texts.js"
import { say } from "../texts.js"

/**
 * Opens a dialog in `place` and returns it. `content` is a list of nodes; `submit(form)` is called with the form's data
 * when the helper sends it and may reject: its message is shown and the dialog stays. Without `submit` there is only a
 * way out. `grave` marks what cannot be taken back.
 */
export function openDialog(place, { title, content, submit, submitLabel, grave = false, wide = false }) {
  const language = languageAround(place)
  const heading = make("h2", { class: "dialog-title", id: "dialog-title" }, title)
  const error = make("p", { class: "error", role: "alert", hidden: true })
  const cancel = make("button", { type: "button", class: "button", value: "cancel" }, say(language, submit ? "cancel" : "close"), make("kbd", { "aria-hidden": "true" }, "Esc"))
  const send = submit && make("button", { type: "submit", class: `button ${grave ? "grave" : "main"}` }, submitLabel, make("kbd", { "aria-hidden": "true" }, "Ctrl ↵"))
  const row = make("div", { class: "dialog-acts" }, cancel, send)
  const form = make("form", { class: "dialog-form", novalidate: true }, heading, make("div", { class: "dialog-content" }, ...content), error, row)
  const dialog = make("dialog", { class: `dialog${wide ? " wide" : ""}`, "aria-labelledby": "dialog-title" }, form)
  cancel.addEventListener("click", () => dialog.close())
  dialog.addEventListener("close", () => dialog.remove())
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && submit) event.preventDefault(), form.requestSubmit()
  })
  form.addEventListener("submit", async (event) => {
    event.preventDefault()
    if (!submit || send.disabled) return
    send.disabled = true
    error.hidden = true
    try {
      await submit(new FormData(form))
      dialog.close()
    } catch (failure) {
      write(error, failure.detail || (failure.status ? failure.message : failure.words) || say(language, "noConnection"))
      error.hidden = false
    } finally {
      send.disabled = false
    }
  })
  place.append(dialog)
  dialog.showModal()
  return dialog
}

/** Says in an open dialog what is missing: reject a submit with it. */
export class Incomplete extends Error {
  constructor(words) {
    super(words)
    this.words = words
  }
}

/** A field with its name above: labelled("note", "Note", make("textarea", …)) */
export function labelled(words, field, help = "") {
  field.classList.add("field")
  return make("label", { class: "labelled" }, make("span", { class: "name" }, words), help ? make("span", { class: "quiet" }, help) : "", field)
}

/** Radio buttons as a row: [[value, words]…]; `keys` shows 1, 2, 3… and lets the numbers choose. */
export function choiceOf(name, legend, choices, { keys = false, chosen } = {}) {
  const options = choices.map(([value, words], index) =>
    make("label", { class: "choice" }, make("input", { type: "radio", name, value, checked: value === chosen }), make("span", {}, words), keys ? make("kbd", { "aria-hidden": "true" }, String(index + 1)) : ""),
  )
  const set = make("fieldset", {}, make("legend", {}, legend), make("div", { class: "choices" }, ...options))
  if (keys) {
    set.addEventListener("keydown", ({ key }) => {
      const radio = options[Number(key) - 1]?.querySelector("input")
      if (radio) (radio.checked = true), radio.focus()
    })
  }
  return set
}

/** A switch with its words: on or off. */
export function switchOf(name, words, on, help = "") {
  const box = make("input", { type: "checkbox", name, role: "switch", checked: on })
  return make("label", { class: "switch" }, box, make("span", {}, words, help ? make("span", { class: "quiet switch-help" }, help) : ""))
}
