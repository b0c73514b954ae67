// Reads messages with nodemailer's mailparser: a JSON array of base64 on standard input, and what it found as JSON, in the same order.
const { simpleParser } = require("mailparser");

const options = { skipTextToHtml: true, skipHtmlToText: true };
const told = ({ subject, text, html }) => ({ subject, text: text || "", html: html || "" });
const read = async (raw) => told(await simpleParser(Buffer.from(raw, "base64"), options));

let input = "";
process.stdin.on("data", (data) => (input += data));
process.stdin.on("end", async () => process.stdout.write(JSON.stringify(await Promise.all(JSON.parse(input).map(read)))));
