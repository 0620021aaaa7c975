// For supervisors: the canned replies, to add, change, retire and bring back, in both languages.

import { make } from "../static/build.js"
import { languageAround } from "../static/texts.js"
import { complain, pick } from "./dialogs.js"
import { Incomplete, labelled, openDialog } from "./elements/desk-dialog.js"
import { say } from "./texts.js"

const LANGUAGES = { zh: { name: "inChinese", lang: "zh-Hans" }, en: { name: "inEnglish", lang: "en-GB" } }
const NEW = { id: null, title: { zh: "", en: "" }, text: { zh: "", en: "" }, retired: false }

/** Lets a supervisor choose one of them, or a new one, and then write it. */
export async function keepCanned(place, station) {
  const language = languageAround(place)
  const words = (key, values) => say(language, key, values)
  const { canned, variables } = await station.cannedToKeep()
  const standing = ({ retired, built_in: builtIn }) => (retired ? "cannedRetired" : builtIn ? "cannedBuiltIn" : "cannedWritten")
  const choices = canned.map((reply) => ({ value: reply.id, reply, title: reply.title[language], detail: reply.text[language], aside: words(standing(reply)) }))
  const find = (typed) => [
    { value: "", reply: NEW, title: words("cannedNew") },
    ...choices.filter(({ reply: { title, text } }) => [title.zh, title.en, text.zh, text.en].some((told) => told.toLowerCase().includes(typed.toLowerCase()))),
  ]
  pick(place, { title: words("keepCanned"), label: words("findCanned"), find, take: ({ reply }) => () => write(place, station, reply, variables, words) })
}

function write(place, station, reply, variables, words) {
  const field = (part, language, rows) => {
    const made = rows ? make("textarea", { rows, maxlength: 1000 }) : make("input", { maxlength: 200 })
    made.name = `${part}_${language}`
    made.lang = LANGUAGES[language].lang
    made.value = reply[part][language]
    return labelled(words(part === "title" ? "cannedTitle" : "cannedText"), made)
  }
  const both = Object.entries(LANGUAGES).map(([language, { name }]) => make("fieldset", { class: "group" }, make("legend", {}, words(name)), field("title", language), field("text", language, 3)))
  const known = variables.map((name) => `{${name}} ${words(`variable_${name}`)}`).join(" · ")
  const retire = make("button", { type: "button", class: "button grave" }, words("retireCanned"))
  const dialog = openDialog(place, {
    title: words(reply.id ? "changeCanned" : "cannedNew"),
    content: [...both, make("p", { class: "quiet" }, words("cannedVariables", { known })), reply.id && !reply.retired ? make("p", { class: "dialog-more" }, retire) : ""],
    submitLabel: words(reply.retired ? "bringBackCanned" : "save"),
    wide: true,
    async submit(form) {
      const told = (part) => ({ zh: form.get(`${part}_zh`).trim(), en: form.get(`${part}_en`).trim() })
      const wish = { title: told("title"), text: told("text") }
      if (![wish.title, wish.text].every(({ zh, en }) => zh && en)) throw new Incomplete(words("cannedMissing"))
      await station.putCanned(reply.id, wish).catch((failure) => {
        const variable = failure.problem?.variable // the server knows which can be filled in
        throw variable ? new Incomplete(words("unknownVariable", { variable, known })) : failure
      })
    },
  })
  retire.addEventListener("click", async () => {
    try {
      await station.retireCanned(reply.id)
      dialog.close()
    } catch (failure) {
      complain(dialog, failure, words)
    }
  })
  dialog.querySelector("[name=title_zh]").focus()
}
