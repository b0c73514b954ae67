// Reads one message from standard input with nodemailer's mailparser and tells what it found as JSON.
const { simpleParser } = require("mailparser");

simpleParser(process.stdin, { skipTextToHtml: true, skipHtmlToText: true }).then((mail) => {
  process.stdout.write(JSON.stringify({ subject: mail.subject, text: mail.text || "", html: mail.html || "" }));
});
