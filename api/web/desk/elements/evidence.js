// On what an answer of the assistant rests: the entry, how sure the search was, the sources.

import { make } from "../../static/build.js"
import { link } from "../../static/markdown.js"
import { dateInWords } from "../../static/texts.js"
import { say } from "../texts.js"

const SURE = 0.8 // from here on "sure", below FAIRLY "unsure": words for a calibrated probability, not thresholds of the search
const FAIRLY = 0.5

/** The evidence of one answer (AnswerOut of the contract), folded up: its first line says the entry and how sure. */
export function evidenceOf(answer, language) {
  const { entry_id: entry, confidence, as_of: asOf, sources = [], to_confirm: toConfirm } = answer
  const head = make("summary", {}, make("span", { class: "evidence-name" }, say(language, "evidence")), confidenceOf(confidence, language))
  if (toConfirm) head.append(make("span", { class: "tag warn" }, "◇ ", say(language, "toConfirm")))
  const list = make("ul", { class: "sources" }, ...sources.map((source) => make("li", {}, ...sourceOf(source, language))))
  const facts = make("p", { class: "quiet" }, say(language, "entry"), " ", make("code", {}, entry), asOf ? ` · ${say(language, "asOf", { date: dateInWords(language, asOf) })}` : "")
  return make("details", { class: "evidence" }, head, facts, list)
}

/** "fairly sure 72 %": the word and the number, never a colour alone. */
export function confidenceOf(confidence, language) {
  const grade = confidence >= SURE ? "sure" : confidence >= FAIRLY ? "fairly" : "unsure"
  return make("span", { class: `confidence ${grade}` }, say(language, grade), " ", make("span", { class: "number" }, `${Math.round(confidence * 100)}%`))
}

function sourceOf({ title, reference, url }, language) {
  return [link(title, url), reference ? `${language === "en" ? ", " : " "}${reference}` : ""]
}
