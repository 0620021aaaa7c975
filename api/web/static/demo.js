// The demonstration page: its language, its question box, and the catalogue as ways into the chat.

const EXAMPLES = {
  zh: ["楼下的树挡光，能砍吗", "装修垃圾怎么清运", "店铺招牌要不要办手续", "工地要临时占一块绿地"],
  en: ["Can I cut down a tree that blocks my light?", "How do I get rid of renovation waste?", "Does my shop sign need a permit?"],
}
const COULD_NOT_LOAD = { zh: "事项目录暂时没有取到，可以直接提问。", en: "The list could not be fetched. You can ask directly." }
const PLACEHOLDER = { zh: "例如：楼下的树挡光，能砍吗", en: "For example: can I cut down a tree?" }
const LABEL = { zh: "Switch to English", en: "切换到中文" }

const page = document.documentElement
let items = null

const language = () => page.dataset.language
const widget = () => document.querySelector("bangban-widget")

/** A way into the chat. The widget may still be loading: then it is asked once it is there. */
async function ask(text) {
  await customElements.whenDefined("bangban-widget")
  widget().ask(text)
}

function askButton(text) {
  const button = document.createElement("button")
  button.type = "button"
  button.textContent = text
  button.addEventListener("click", () => ask(text))
  return button
}

function showExamples() {
  document.querySelector("#examples").replaceChildren(...EXAMPLES[language()].map(askButton))
  document.querySelector("#question").placeholder = PLACEHOLDER[language()]
}

function showCatalogue() {
  const place = document.querySelector("#catalogue")
  if (items === null) return
  if (!items.length) return (place.textContent = COULD_NOT_LOAD[language()])
  const open = new Set([...place.querySelectorAll("details[open]")].map((family) => family.dataset.family))
  const known = [...new Set(items.map((item) => item.family))]
  place.replaceChildren(...known.map((family, index) => familyOf(family, open.size ? open.has(family) : index === 0)))
}

function familyOf(family, isOpen) {
  const details = document.createElement("details")
  details.className = "family"
  details.dataset.family = family
  details.open = isOpen
  const summary = document.createElement("summary")
  const list = document.createElement("ul")
  list.className = "items"
  const own = items.filter((item) => item.family === family)
  for (const item of own) {
    const place = document.createElement("li")
    place.append(askButton(item.name[language()]))
    list.append(place)
  }
  const count = document.createElement("span")
  count.className = "count"
  count.textContent = String(own.length)
  summary.append(own[0].family_name[language()], count)
  details.append(summary, list)
  return details
}

function show(chosen) {
  page.dataset.language = chosen
  page.lang = chosen === "en" ? "en-GB" : "zh-Hans"
  document.querySelector("#language").setAttribute("aria-label", LABEL[chosen])
  showExamples()
  showCatalogue()
}

document.querySelector("#language").addEventListener("click", () => {
  show(language() === "en" ? "zh" : "en")
  widget()?.setAttribute("language", language())
})
document.querySelector("#ask").addEventListener("submit", (event) => {
  event.preventDefault()
  const question = document.querySelector("#question")
  if (question.value.trim()) ask(question.value)
  question.value = ""
})
document.querySelector("#snippet").textContent = `<script src="${new URL("../widget.js", import.meta.url)}" defer></script>`

// A printed code or an item's page leads here with the item, and perhaps the language, in the address.
const address = new URLSearchParams(location.search)
const asked = address.get("lang")
show(["zh", "en"].includes(asked) ? asked : navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en")
if (address.has("item")) {
  customElements.whenDefined("bangban-widget").then(() => {
    if (asked) widget().setAttribute("language", language())
    widget().setAttribute("item", address.get("item"))
    widget().open()
  })
}
fetch(new URL("../api/v1/items", import.meta.url))
  .then((reply) => (reply.ok ? reply.json() : { items: [] }))
  .catch(() => ({ items: [] }))
  .then((catalogue) => {
    items = catalogue.items
    showCatalogue()
  })
