// A short message centre for tests over the npm package `smpp`: takes texts, writes them down, sends receipts.
// node smsc.js FOLDER-OF-PACKAGES LOG [delay-ms] [throttle-every]
const path = require("path");
const fs = require("fs");
const smpp = require(path.join(process.argv[2], "node_modules", "smpp"));
const log = fs.openSync(process.argv[3], "a");
const delay = Number(process.argv[4] || 0);
const throttleEvery = Number(process.argv[5] || 0);
let turn = 0;
// Receipts that nobody has acknowledged: as a real centre does, they are sent again to whoever binds next.
const waiting = new Map();
let bound = null;
const deliver = (id, pdu) => {
  waiting.set(id, pdu);
  if (bound) bound.deliver_sm(pdu, () => waiting.delete(id));
};
const TRANSIENT = 0x58;

const server = smpp.createServer((session) => {
  session.on("error", () => session.destroy());
  session.on("bind_transceiver", (pdu) => {
    session.send(pdu.response({ command_status: pdu.password === "secret" ? 0 : smpp.ESME_RBINDFAIL }));
    bound = session;
    for (const [id, held] of waiting) deliver(id, held);
  });
  session.on("close", () => {
    if (bound === session) bound = null;
  });
  session.on("enquire_link", (pdu) => session.send(pdu.response()));
  session.on("unbind", (pdu) => { session.send(pdu.response()); session.close(); });
  session.on("submit_sm", (pdu) => {
    turn += 1;
    if (throttleEvery && turn % throttleEvery === 0) {
      session.send(pdu.response({ command_status: TRANSIENT }));
      return;
    }
    const number = pdu.destination_addr;
    const long = pdu.message_payload;
    const body = long ? long.message : pdu.short_message.message;
    const udh = pdu.short_message && pdu.short_message.udh ? pdu.short_message.udh.map((u) => u.toString("hex")) : null;
    const id = `m${process.pid}-${turn}`;
    const bad = number.endsWith("7") ? "UNDELIV" : "DELIVRD";
    const refused = number.endsWith("99");
    fs.writeSync(log, JSON.stringify({ number, text: body, id, payload: !!long, udh, coding: pdu.data_coding, refused }) + "\n");
    if (refused) {
      session.send(pdu.response({ command_status: smpp.ESME_RINVDSTADR }));
      return;
    }
    const receipt = () => deliver(`${id}-${waiting.size}`, {
      source_addr: number,
      destination_addr: pdu.source_addr,
      esm_class: 4,
      short_message: `id:${id} sub:001 dlvrd:001 submit date:2606010000 done date:2606010000 stat:${bad} err:000 text:`,
    });
    const early = number.endsWith("3");
    if (early) receipt();
    setTimeout(() => {
      session.send(pdu.response({ message_id: id }));
      if (!early) setTimeout(receipt, 20);
      if (number.endsWith("5")) setTimeout(receipt, 40);
    }, delay);
  });
});
server.listen(0, "127.0.0.1", function () { console.log(server.address().port); });
