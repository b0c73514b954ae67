// Reads messages with nodemailer's mailparser: a JSON array of base64 on standard input, and what it found as JSON, in the same order.
const libmime = require("libmime");
const { simpleParser } = require("mailparser");

const options = { skipTextToHtml: true, skipHtmlToText: true };
const people = (field) => (field ? field.value : []);
const told = ({ subject, text, html, from, to, headers }) => ({
  subject,
  text: text || "",
  html: html || "",
  from: people(from),
  to: people(to),
  list: libmime.decodeWords(headers.get("list")?.id?.name || ""),
});
const read = async (raw) => told(await simpleParser(Buffer.from(raw, "base64"), options));

let input = "";
process.stdin.on("data", (data) => (input += data));
process.stdin.on("end", async () => process.stdout.write(JSON.stringify(await Promise.all(JSON.parse(input).map(read)))));
