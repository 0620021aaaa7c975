// Canned replies: the names in their braces filled in from the conversation.

import { fill } from "../static/texts.js"

/** `text` in `language` with the ticket's variables; one that the ticket does not have stays visible as {name}, to be written. */
export function fillCanned(text, talk, language) {
  const values = Object.fromEntries(Object.entries(talk.variables).flatMap(([name, both]) => (both?.[language] ? [[name, both[language]]] : [])))
  return fill(text, values)
}
