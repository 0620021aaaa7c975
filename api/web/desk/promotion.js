// The form that proposes a helper's reply for the knowledge base: the visitor's question and the reply are filled in.

import { make } from "../static/build.js"
import { tagOf } from "../static/texts.js"
import { Incomplete, labelled } from "./elements/desk-dialog.js"

/**
 * The form's fields as one node. `replies` are the helper's messages of the conversation, at least one; `items` the
 * catalogue; `facets` the base's names, {id: {zh, en}}.
 */
export function promotionFields(words, language, talk, replies, { items, facets }) {
  const { ticket } = talk
  const last = replies.at(-1)
  const question = { zh: "", en: "", [ticket.language]: talk.lastVisitorText }
  const answer = { zh: "", en: "", [ticket.language]: last.text }
  const options = (pairs, chosen) => pairs.map(([value, text]) => make("option", { value, selected: value === chosen }, text))
  const reply = make("select", { name: "message_id" }, ...options(replies.map(({ id, text }) => [id, text.slice(0, 80)]), last.id))
  const item = make("select", { name: "item_id" }, ...options(items.map(({ item_id: id, name }) => [id, name[language]]), ticket.itemId))
  const facet = make("select", { name: "facet" }, ...options(Object.entries(facets).map(([id, name]) => [id, name[language]]), ticket.facet))
  const both = (name, label, values, rows) =>
    ["zh", "en"].map((code) => {
      const field = make("textarea", { name: `${name}_${code}`, rows, lang: tagOf(code), maxlength: 4000 })
      field.value = values[code]
      return labelled(`${words(label)} · ${words(`visitor_${code}`)}`, field)
    })
  reply.addEventListener("change", () => {
    reply.form.elements[`answer_${ticket.language}`].value = replies.find(({ id }) => id === reply.value).text
  })
  const whole = (node) => (node.classList.add("whole"), node)
  const dated = (name, label) => labelled(words(label), make("input", { type: "date", name }))
  return make(
    "div", { class: "promote-fields" },
    make("p", { class: "quiet whole" }, words("promoteHelp")), whole(labelled(words("promoteReply"), reply)), labelled(words("promoteItem"), item), labelled(words("promoteFacet"), facet),
    ...both("question", "promoteQuestion", question, 2), ...both("answer", "promoteAnswer", answer, 5),
    whole(labelled(words("promoteSource"), make("input", { name: "source", maxlength: 500 }))), dated("effective", "promoteEffective"), dated("expires", "promoteExpires"),
  )
}

/** The form as PromotionIn. Raises Incomplete where no language has both question and answer, or the source is missing. */
export function promotionOf(form, words) {
  const text = (name) => form.get(name)?.trim() || undefined
  const both = (name) => ({ zh: text(`${name}_zh`), en: text(`${name}_en`) })
  const [question, answer] = [both("question"), both("answer")]
  const complete = ["zh", "en"].some((code) => question[code] && answer[code])
  if (!complete || !text("source")) throw new Incomplete(words("promoteMissing"))
  const facts = { source: text("source"), effective: text("effective"), expires: text("expires") }
  return { message_id: text("message_id"), item_id: text("item_id"), facet: text("facet"), question, answer, ...facts }
}
