// Every word of the widget's interface, Chinese beside English. {name} is filled in by say().

export const TEXTS = {
  name: { zh: "帮办", en: "Bangban" },
  subtitle: { zh: "绿化市容办事咨询", en: "Permit help" },
  launcher: { zh: "办事咨询", en: "Permit help" },
  launcherUnread: { zh: "办事咨询，{count} 条新消息", en: "Permit help, {count} new" },
  dialog: { zh: "帮办：绿化市容办事咨询", en: "Bangban: permit help" },
  log: { zh: "对话内容", en: "Conversation" },

  otherLanguage: { zh: "EN", en: "中文" },
  otherLanguageLabel: { zh: "Switch to English", en: "切换到中文" },
  menu: { zh: "更多", en: "More" },
  close: { zh: "关闭", en: "Close" },
  largeText: { zh: "大字", en: "Large text" },
  talkToPerson: { zh: "找工作人员", en: "Talk to a person" },
  end: { zh: "结束对话", en: "End the conversation" },
  erase: { zh: "删除对话", en: "Erase the conversation" },

  inputLabel: { zh: "您的问题", en: "Your question" },
  placeholder: { zh: "说说您要办的事", en: "Say what you want to do" },
  send: { zh: "发送", en: "Send" },
  left: { zh: "还可输入 {count} 字", en: "{count} characters left" },
  tooLong: { zh: "超出 {count} 字，删短后再发", en: "{count} characters too many: shorten it to send" },
  tooLongLine: { zh: "一次最多 {limit} 字。删短一些，或者分几次发。", en: "A message holds {limit} characters. Shorten it, or send it in parts." },
  notice: { zh: "自动答复，仅供参考，以审批部门答复为准。不用填写证件号码。", en: "Automatic answers for guidance; the office decides. No ID numbers needed." },

  opening: { zh: "正在打开对话", en: "Opening the conversation" },
  typing: { zh: "正在查找", en: "Looking it up" },
  typingPerson: { zh: "工作人员正在输入", en: "Our staff member is typing" },
  you: { zh: "您", en: "You" },
  staff: { zh: "工作人员", en: "Staff" },
  outOfScope: { zh: "不归这里办", en: "Not handled here" },
  clarify: { zh: "您要问的是哪一个", en: "Which one do you mean" },
  newMessages: { zh: "看新消息", en: "See new messages" },
  queued: { zh: "等待发送", en: "Waiting to be sent" },
  sending: { zh: "正在发送", en: "Sending" },
  refused: { zh: "没有发出", en: "Not sent" },
  again: { zh: "再发一次", en: "Send again" },

  asOf: { zh: "截至{date}", en: "As of {date}" },
  sources: { zh: "依据", en: "Source" },
  moreSources: { zh: "另 {count} 项依据", en: "More sources ({count})" },
  print: { zh: "打印", en: "Print" },
  copy: { zh: "复制", en: "Copy" },
  copied: { zh: "已复制", en: "Copied" },
  notCopied: { zh: "没能复制，可以选中文字再复制", en: "Could not copy: select the text instead" },
  more: { zh: "展开全文", en: "Show more" },
  toConfirm: { zh: "待确认", en: "To be confirmed" },
  unconfirmedLine: { zh: "尚未确认：", en: "Not confirmed: " }, // as in knowledge/common.yaml
  toConfirmWhere: {
    zh: "其中有内容尚待核实，以办事指南或者受理窗口的答复为准。",
    en: "Part of this is not yet certain. The official guide or the service window has the final word.",
  },

  solved: { zh: "问题解决了吗？", en: "Did this solve it?" },
  yes: { zh: "解决了", en: "Yes" },
  no: { zh: "没有", en: "No" },
  didNotHelp: { zh: "没有解决", en: "It did not help" },
  thanksSolved: { zh: "已记下，谢谢。还有别的事可以接着问。", en: "Noted, thank you. Ask on if there is more." },
  thanksUnsolved: { zh: "已记下。换个办法再找。", en: "Noted. Trying another way." },
  notRecorded: { zh: "没有记上：连接断了。可以再点一次。", en: "Not recorded: the connection is down. Choose again." },

  offline: { zh: "网络断了。您可以接着写，连上后会发出。", en: "No connection. You can go on typing; it will be sent." },
  reconnected: { zh: "已重新连上。", en: "Connected again." },
  retryNow: { zh: "现在重试", en: "Try now" },
  busy: { zh: "发得有些快，稍等片刻会自动发出。", en: "That was quick. Your message will be sent in a moment." },
  serverTrouble: { zh: "服务暂时没有响应，会自动再发。", en: "The service is not answering. Your message will be sent again." },
  renewed: { zh: "上次的对话已经到期或者删除，这是新的对话。", en: "The earlier conversation has expired or was erased. This is a new one." },
  failed: {
    zh: "现在打不开对话，会自动再试。急事可以拨打 12345。",
    en: "The conversation cannot be opened right now; it will be tried again. For urgent matters call 12345.",
  },
  handoffFailed: { zh: "没能接通：连接断了。连上后再点一次。", en: "Could not ask for a person: no connection. Try again once it is back." },
  refusedLine: { zh: "没有办成：{detail}", en: "That did not work: {detail}" },

  queue: { zh: "正在等工作人员，前面还有 {ahead} 位。", en: "Waiting for a person; {ahead} ahead of you." },
  queueNext: { zh: "正在等工作人员，下一位就是您。", en: "Waiting for a person; you are next." },
  wait: { zh: "大约 {minutes} 分钟。", en: "About {minutes} min." },
  waitSeconds: { zh: "大约 {seconds} 秒。", en: "About {seconds} seconds." },
  waitShort: { zh: "不到一分钟。", en: "Less than a minute." },
  waitUnknown: { zh: "还说不准要等多久。", en: "There is no reliable waiting time yet." },
  stopWaiting: { zh: "不等了", en: "Stop waiting" },
  callBackInstead: { zh: "留个联系方式", en: "Leave a number instead" },
  meanwhile: { zh: "可以接着提问。", en: "You can go on asking." },
  person: { zh: "工作人员在线答复", en: "A staff member is answering" },
  personJoined: { zh: "工作人员来了，接着说就行。", en: "A staff member has joined. Just go on." },
  personLeft: { zh: "工作人员已离开，帮办接着答复。", en: "The staff member has left. Bangban goes on answering." },
  ticket: { zh: "登记号 {number}。", en: "Ticket {number}." },
  ticketOpen: { zh: "已登记，登记号 {number}。现在没有工作人员值班，答复会出现在这个对话里。", en: "Ticket {number}. No one is on duty now; the reply will appear in this conversation." },

  callBackTitle: { zh: "留个联系方式，上班后答复您", en: "Leave a number and we will come back to you" },
  callBackHow: { zh: "怎么联系", en: "How to reach you" },
  byPhone: { zh: "电话", en: "Phone" },
  byEmail: { zh: "邮箱", en: "Email" },
  phone: { zh: "电话号码", en: "Phone number" },
  email: { zh: "邮箱地址", en: "Email address" },
  when: { zh: "什么时间方便（可以不填）", en: "When it suits you (optional)" },
  callBackPrivacy: { zh: "加密保存，只有答复您的工作人员看得到。", en: "Stored encrypted; only the person who answers you sees it." },
  callBackSend: { zh: "提交", en: "Send" },
  callBackMissing: { zh: "先填电话号码或者邮箱。", en: "Fill in a phone number or an email address first." },
  callBackDone: { zh: "已记下，会按您留的方式联系。", en: "Noted. We will reach you that way." },
  desksNotice: { zh: "公告", en: "Notice" },

  endedTitle: { zh: "对话结束", en: "Conversation ended" },
  askSolved: { zh: "事情问清楚了吗？", en: "Did you find out what you needed?" },
  solvedYes: { zh: "清楚了", en: "Yes" },
  solvedNo: { zh: "还没有", en: "Not yet" },
  askRating: { zh: "您对这次咨询满意吗？", en: "How was this conversation?" },
  // The five levels of 好差评, in its own words, best first as on its forms.
  rating5: { zh: "非常满意", en: "Very satisfied" },
  rating4: { zh: "满意", en: "Satisfied" },
  rating3: { zh: "基本满意", en: "Fairly satisfied" },
  rating2: { zh: "不满意", en: "Dissatisfied" },
  rating1: { zh: "非常不满意", en: "Very dissatisfied" },
  comment: { zh: "还想说的话（可以不填）", en: "Anything to add (optional)" },
  submit: { zh: "提交评价", en: "Send feedback" },
  choose: { zh: "先选一下事情问清楚了没有。", en: "Choose first whether you found out what you needed." },
  thanksRating: { zh: "评价已收到，谢谢。", en: "Your feedback has arrived, thank you." },
  startAnew: { zh: "开始新的对话", en: "Start a new conversation" },
  eraseAsk: { zh: "删除这次对话？您说过的话会从我们的系统里删掉，不能恢复。", en: "Erase this conversation? What you said is removed from our system for good." },
  eraseYes: { zh: "删除", en: "Erase" },
  cancel: { zh: "不删", en: "Keep it" },
  erasedTitle: { zh: "对话已删除", en: "Conversation erased" },
  erasedBody: { zh: "您说过的话已经删除。只留下不含文字的统计。", en: "What you said has been erased. Only statistics without text remain." },
  aboutThisPage: { zh: "问这一页的事：{name}", en: "Ask about this page: {name}" },
}

/** The interface's two languages by an element's `lang`: anything that starts with "en" is English. */
export function languageOf(tag) {
  return tag?.toLowerCase().startsWith("en") ? "en" : "zh"
}

/** The tag for a lang attribute, so that voices, fonts and line breaking are right. */
export function tagOf(language) {
  return language === "en" ? "en-GB" : "zh-Hans"
}

/** One text, its {names} filled in. */
export function say(language, key, values = {}) {
  return fill(TEXTS[key][language], values)
}

/** `text` with its {names} filled in; a name without a value stays as it is. */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole)
}

/** The language that `node` stands in. */
export function languageAround(node) {
  return languageOf(node.closest("[lang]")?.lang)
}

/** A date of the contract (2026-11-01) in words. */
export function dateInWords(language, date) {
  const day = new Date(`${date}T00:00:00Z`)
  if (Number.isNaN(day.getTime())) return date
  return new Intl.DateTimeFormat(tagOf(language), { dateStyle: "long", timeZone: "UTC" }).format(day)
}
