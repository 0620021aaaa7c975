// The only file that a page names: <script src="https://…/widget.js" defer></script>
//
// Puts a <bangban-widget> on the page and loads its modules from beside this script, so that the page's own address
// does not matter. data-language="auto|zh|en", data-item="<item id>" and data-open on the script tag set it up.
(() => {
  const script = document.currentScript ?? document.querySelector('script[src*="/widget.js"]')
  const home = new URL(".", script.src)

  const place = () => {
    const present = document.querySelector("bangban-widget")
    const widget = present ?? document.createElement("bangban-widget")
    for (const name of ["language", "item"]) {
      if (script.dataset[name] && !widget.hasAttribute(name)) widget.setAttribute(name, script.dataset[name])
    }
    if (script.dataset.open !== undefined && script.dataset.open !== "false") widget.setAttribute("open", "")
    // A page may call open() and close() before the modules are here; the element takes both over when it is upgraded.
    if (!customElements.get("bangban-widget")) {
      widget.open = () => widget.setAttribute("open", "")
      widget.close = () => widget.removeAttribute("open")
    }
    if (!present) document.body.append(widget)
  }

  if (document.body) place()
  else document.addEventListener("DOMContentLoaded", place, { once: true })

  const load = (attempt) =>
    import(new URL(`static/register.js${attempt ? `?attempt=${attempt}` : ""}`, home)).catch((error) => {
      if (attempt < 4) setTimeout(load, 2000 * 2 ** attempt, attempt + 1)
      else console.warn("Bangban could not be loaded.", error)
    })
  load(0)
})()
