// nodemailer's own pool with a ready message: node nodemailer.cjs PORT MESSAGES CONNECTIONS
const [port, messages, connections] = process.argv.slice(2).map(Number);
const pool = require("nodemailer").createTransport({
  host: "127.0.0.1", port, secure: false, ignoreTLS: true, pool: true, maxConnections: connections, maxMessages: Infinity,
});
const raw = Buffer.from("Subject: bench\r\n\r\n" + ("y".repeat(70) + "\r\n").repeat(555));
let begun = 0;
const next = async () => {
  while (begun < messages) {
    begun += 1;
    await pool.sendMail({ envelope: { from: "bounce@example.jp", to: `reader${begun}@example.jp` }, raw });
  }
};
Promise.all(Array.from({ length: connections * 2 }, next)).then(() => pool.close());
