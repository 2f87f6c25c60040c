// Sends receipts by a mail service that is not always there. An order whose mail fails fails its whole batch, which comes
// again under the same request id: whoever sends mail under that id and the order's number sends none twice.

const attempts = new Map(); // by request id; a global lives as long as its environment
const sent = new Set();

function send(order, attempt) {
  if (order % 10 === 7 && attempt < 3) {
    throw new Error(`no mail server for order ${order}`);
  }
}

export const handler = async (event, context) => {
  const attempt = (attempts.get(context.awsRequestId) ?? 0) + 1;
  attempts.set(context.awsRequestId, attempt);
  const orders = event.Records.map((record) => JSON.parse(Buffer.from(record.kinesis.data, 'base64')).order);
  let skipped = 0;
  for (const order of orders) {
    const key = `${context.awsRequestId}/${order}`;
    if (sent.has(key)) {
      skipped += 1;
      continue;
    }
    send(order, attempt);
    sent.add(key);
  }
  console.log(`attempt ${attempt}: ${orders.length - skipped} receipts sent, ${skipped} sent before`);
};
