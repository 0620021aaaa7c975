// The desk's questions, one function each: what they ask and what follows. Calls go through the station.

import { make, write } from "../static/build.js"
import { languageAround, tagOf } from "../static/texts.js"
import { ACTS, OTHER_KEYS } from "./acts.js"
import { askHowItWent } from "./call-back.js"
import { Incomplete, choiceOf, labelled, openDialog, switchOf } from "./elements/desk-dialog.js"
import { promotionFields, promotionOf } from "./promotion.js"
import { fillCanned } from "./canned.js"
import { say } from "./texts.js"

/** `place` is the element that dialogs stand in; words come in its language. */
const wordsOf = (place) => (key, values) => say(languageAround(place), key, values)

export function canned(place, station, talk, insert) {
  const language = languageAround(place)
  const visitors = talk.ticket.language
  const words = wordsOf(place)
  // Read at each search: a supervisor may change them while the list is open.
  const choices = () => station.cannedReplies.map(({ id, title, text }) => ({
    value: id, title: title[language], detail: fillCanned(text[language], talk, language), written: fillCanned(text[visitors], talk, visitors),
  }))
  const find = (typed) => choices().filter(({ title, detail, written }) => holds(`${title} ${detail} ${written}`, typed))
  pick(place, { title: words("canned"), label: words("findCanned"), find, take: ({ written }) => () => insert(written) })
}

export function transfer(place, station, talk) {
  const words = wordsOf(place)
  const language = languageAround(place)
  const asked = station.colleagues()
  const find = async (typed) => {
    const { colleagues, groups } = await asked
    const people = colleagues.filter(({ username }) => username !== station.user.username).map(({ username, display_name: name, state, open }) => (
      { value: username, title: name, detail: words("openCount", { count: open }), aside: words(`presence_${state}`), there: state === "online" }
    ))
    const teams = groups.map(({ id, name, online }) => ({ value: id, title: name[language], detail: words("group"), aside: words("onlineCount", { count: online }), there: online > 0 }))
    return [...people, ...teams].filter(({ value, title }) => holds(`${value} ${title}`, typed)).sort((one, other) => other.there - one.there)
  }
  const note = labelled(words("transferNote"), make("input", { name: "note", maxlength: 500 }))
  const take = async ({ value, title }) => {
    await station.transfer(talk.id, value, note.querySelector("input").value.trim() || undefined)
    station.notice("transferred", { to: title })
  }
  pick(place, { title: words("transferTitle"), label: words("findColleague"), find, take, before: [note] })
}

export function giveBack(place, station, talk) {
  const words = wordsOf(place)
  openDialog(place, {
    title: words("giveBackTitle"),
    content: [make("p", {}, words("giveBackHelp"))],
    submitLabel: words("giveBack"),
    submit: () => station.giveBack(talk.id),
  }).querySelector("[type=submit]").focus()
}

/** Whoever leaves with conversations in hand is asked first: their visitors have to wait for somebody else. */
export function goOffDuty(place, station) {
  leave(place, station, { title: "offDutyTitle", label: "goOffDuty", go: () => station.setPresence("offline") })
}

function signOut(place, station) {
  leave(place, station, { title: "signOutTitle", label: "signOut", go: () => station.signOut() })
}

function leave(place, station, { title, label, go }) {
  const words = wordsOf(place)
  openDialog(place, {
    title: words(title),
    content: [make("p", {}, words("leaveHelp", { count: station.mine.length }))],
    submitLabel: words(label),
    grave: true,
    submit: go,
  })
}

/** How the call-back of a ticket went, whose number is shown. */
export function callBack(place, station, { ticket }) {
  const { contact, when } = ticket.callback
  const words = wordsOf(place)
  const where = contact ? words("callbackAt", { contact, when: when ?? words("anyTime") }) : words(`callback_${ticket.callback.kind}`)
  askHowItWent(place, [ticket.number, where], (wish) => station.closeCallBack(ticket, wish))
}

/**
 * How it ended; a reply that settled it can be proposed for the knowledge base in the same step. Where the visitor waits
 * for a call, what became of that is asked next, unless a call is what was agreed.
 */
export function resolve(place, station, talk) {
  const words = wordsOf(place)
  const outcomes = ["resolved", "unresolved", "callback"].map((outcome) => [outcome, words(`outcome_${outcome}`)])
  const note = labelled(words("outcomeNote"), make("textarea", { name: "note", rows: 3, maxlength: 1000 }), words("outcomeNoteHelp"))
  const replies = talk.entries.filter(({ sender, id }) => sender === "agent" && id)
  const promote = make("details", { class: "promote" }, make("summary", {}, words("promote")))
  if (replies.length) promote.append(promotionFields(words, languageAround(place), talk, replies, station))
  let promoted = null // once proposed it stays proposed, also where the second call has to be made again
  const dialog = openDialog(place, {
    title: words("resolveTitle", { number: talk.ticket.shortNumber }),
    content: [choiceOf("outcome", words("outcome"), outcomes, { keys: true }), note, replies.length ? promote : ""],
    submitLabel: words("resolve"),
    wide: true,
    async submit(form) {
      const outcome = form.get("outcome")
      if (!outcome) throw new Incomplete(words("chooseOutcome"))
      if (promote.open) promoted ??= await station.promote(talk.id, promotionOf(form, words))
      await station.resolve(talk.id, { outcome, note: form.get("note").trim() || undefined })
      if (talk.ticket.callBackIsOpen && outcome !== "callback") callBack(place, station, talk)
      if (promoted) warnOf(place, station, promoted)
    },
  })
  dialog.querySelector("[name=outcome]").focus()
}

function warnOf(place, station, { warnings = [] }) {
  const words = wordsOf(place)
  const language = languageAround(place)
  if (!warnings.length) return station.notice("promoted")
  const list = warnings.map(({ kind, title, detail, entry_id: entry }) => make("li", {}, make("strong", {}, words(`warning_${kind}`)), " ", both(title, language), " ", make("code", {}, entry), make("p", { class: "quiet" }, both(detail, language))))
  openDialog(place, { title: words("promotedWarned"), content: [make("ul", {}, ...list)] })
}

export function findAnswer(place, station, talk, insert) {
  const words = wordsOf(place)
  const language = languageAround(place)
  const find = async (typed) => (typed ? await station.findAnswers(talk, typed) : []).map((suggestion) => ({
    value: suggestion.entryId, suggestion, title: both(suggestion.title, language), detail: both(suggestion.shown, language),
    aside: suggestion.confidence === null ? "" : `${Math.round(suggestion.confidence * 100)}%`,
  }))
  pick(place, { title: words("findAnswer"), label: words("findAnswerLabel"), find, take: ({ suggestion }) => () => insert(suggestion) })
}

export function pastTickets(place, station, open) {
  const words = wordsOf(place)
  const language = languageAround(place)
  const find = async (typed) => (typed ? await station.searchTickets(typed) : []).map(({ id, number, item, snippet, outcome, state }) => ({
    value: id, title: `${number} · ${both(item, language) || words("noItem")}`, detail: snippet, aside: words(outcome ? `outcome_${outcome}` : `state_${state}`),
  }))
  pick(place, { title: words("pastTickets"), label: words("findTicket"), find, take: ({ value }) => () => open(value) })
}

export function editHeld(place, station, held) {
  const words = wordsOf(place)
  const text = make("textarea", { name: "text", rows: 10, lang: tagOf(held.language) })
  text.value = held.text
  openDialog(place, {
    title: words("editAnswer"),
    content: [make("p", { class: "quiet" }, held.question), labelled(words("heldAnswer"), text)],
    submitLabel: words("sendEdited"),
    wide: true,
    submit(form) {
      if (!form.get("text").trim()) throw new Incomplete(words("emptyAnswer"))
      return station.decide(held, "edit", form.get("text").trim())
    },
  })
  text.focus()
}

export function rejectHeld(place, station, held) {
  const words = wordsOf(place)
  openDialog(place, {
    title: words("rejectTitle"),
    content: [make("p", {}, words("rejectHelp"))],
    submitLabel: words("rejectAnswer"),
    grave: true,
    submit: () => station.decide(held, "reject"),
  })
}

/** For supervisors: the notice to every visitor, the switch that sends everyone to people, and what waits for a yes. */
export async function house(place, station) {
  await station.readItems() // a list without them would be saved as if nothing waited for a yes
  const words = wordsOf(place)
  const { notice, everyoneToPeople, approvalItems } = station.house
  const zh = make("textarea", { name: "zh", rows: 2, maxlength: 300, lang: "zh-Hans" })
  const en = make("textarea", { name: "en", rows: 2, maxlength: 300, lang: "en-GB" })
  zh.value = notice?.zh ?? ""
  en.value = notice?.en ?? ""
  const language = languageAround(place)
  const items = station.items.map(({ item_id: id, name }) => make("label", { class: "check" }, make("input", { type: "checkbox", name: "items", value: id, checked: approvalItems.includes(id) }), name[language]))
  openDialog(place, {
    title: words("house"),
    content: [
      make("fieldset", { class: "group" }, make("legend", {}, words("notice")), make("p", { class: "quiet" }, words("noticeHelp")), labelled(words("inChinese"), zh), labelled(words("inEnglish"), en)),
      make("fieldset", { class: "group" }, make("legend", {}, words("modes")), switchOf("everyone", words("everyone"), everyoneToPeople, words("everyoneHelp"))),
      make("fieldset", { class: "group" }, make("legend", {}, words("approvalItems")), make("div", { class: "checks", tabindex: "0" }, ...items)),
    ],
    submitLabel: words("save"),
    wide: true,
    submit(form) {
      const told = { zh: form.get("zh").trim(), en: form.get("en").trim() }
      if (Boolean(told.zh) !== Boolean(told.en)) throw new Incomplete(words("noticeBoth"))
      return station.setHouse({ notice: told.zh ? told : null, everyoneToPeople: form.has("everyone"), approvalItems: form.getAll("items") })
    },
  })
}

export function settings(place, station, alerts, otherLanguage) {
  const words = wordsOf(place)
  const { preferences } = station
  const names = ["sound", "notifications", "singleKeys", "enterSends"]
  const content = names.map((name) => switchOf(name, words(`set_${name}`), preferences.get(name), words(`set_${name}_help`)))
  const language = make("button", { type: "button", class: "button" }, words("otherLanguage"))
  const out = make("button", { type: "button", class: "button grave" }, words("signOut"))
  const dialog = openDialog(place, { title: words("settings"), content: [...content, make("p", { class: "dialog-more" }, language, out)] })
  dialog.addEventListener("change", async ({ target }) => {
    if (target.name === "notifications" && target.checked && !(await alerts.allowNotifications())) {
      target.checked = false
      station.notice("notificationsRefused", {}, { warn: true })
    }
    preferences.set(target.name, target.checked)
    if (target.name === "sound" && target.checked) alerts.sample()
  })
  language.addEventListener("click", () => (dialog.close(), otherLanguage()))
  out.addEventListener("click", () => {
    if (!station.unsent && !station.mine.length) return station.signOut().catch((failure) => complain(dialog, failure, words))
    dialog.close()
    if (station.unsent) station.notice("signOutUnsent", { count: station.unsent }, { warn: true })
    else signOut(place, station)
  })
}

export function keys(place) {
  const words = wordsOf(place)
  const all = [...Object.entries(ACTS).map(([name, { cap, group }]) => [cap, name, group]), ...OTHER_KEYS]
  const groups = [...new Set(all.map(([, , group]) => group))]
  const content = groups.map((group) => {
    const rows = all.filter((each) => each[2] === group).flatMap(([cap, name]) => [make("dt", {}, make("kbd", {}, cap)), make("dd", {}, words(name))])
    return make("section", {}, make("h3", {}, words(group)), make("dl", { class: "keys" }, ...rows))
  })
  openDialog(place, { title: words("keys"), content: [make("p", { class: "quiet" }, words("keysHelp")), make("div", { class: "key-groups" }, ...content)], wide: true })
}

/**
 * A dialog around a pick-list; ends when something was picked and `take(choice)` has done with it. What `take` returns is
 * called once the dialog is gone: only then can the focus go where it wants.
 */
export function pick(place, { title, label, find, take, before = [] }) {
  const list = document.createElement("pick-list")
  Object.assign(list, { find, label })
  const dialog = openDialog(place, { title, content: [...before, list], wide: true })
  list.addEventListener("picked", async ({ detail }) => {
    try {
      const then = await take(detail.choice)
      dialog.close()
      then?.()
    } catch (failure) {
      complain(dialog, failure, wordsOf(place))
    }
  })
  list.focus()
}

export function complain(dialog, failure, words) {
  const error = dialog.querySelector("[role=alert]")
  write(error, failure.detail || words("noConnection"))
  error.hidden = false
}

function holds(text, typed) {
  return text.toLowerCase().includes(typed.toLowerCase())
}

/** One of {zh, en} (or a text as it is) in `language`. */
function both(words, language) {
  return typeof words === "string" ? words : words?.[language] ?? words?.zh ?? ""
}
