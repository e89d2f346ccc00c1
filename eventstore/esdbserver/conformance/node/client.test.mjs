// The official Node clients against a server of ours. The environment says
// which client (CLIENT), and where a scratch log is served (SCRATCH) and one
// that is read only (READONLY), with its events as JSON (EVENTS).
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";

const sdk = await import(process.env.CLIENT);
const Client = sdk.KurrentDBClient ?? sdk.EventStoreDBClient;
const {
  ANY, BACKWARDS, END, FORWARDS, NO_STREAM, START, STREAM_EXISTS,
  AccessDeniedError, MaxAppendSizeExceededError, StreamDeletedError, StreamNotFoundError, WrongExpectedVersionError,
  binaryEvent, eventTypeFilter, excludeSystemEvents, jsonEvent, streamNameFilter,
} = sdk;

let client;
before(() => { client = Client.connectionString(process.env.SCRATCH); });
after(() => client.dispose());

const stream = () => `order-${randomUUID()}`;
const events = (count, type = "ThingHappened") =>
  Array.from({ length: count }, (_, index) => jsonEvent({ type, data: { index }, metadata: { actor: "test" } }));
// at is where an append expects its stream: the later client has another name
// for the option.
const at = (place) => (sdk.KurrentDBClient ? { streamState: place } : { expectedRevision: place });
const collect = async (reading) => {
  const found = [];
  for await (const resolved of reading) found.push(resolved);
  return found;
};
const ids = (list) => list.map((e) => e.event?.id ?? e.id);

for (const [way, credentials] of [["in batches", undefined], ["one by one", { username: "admin", password: "changeit" }]]) {
  test(`append ${way} and read it forwards and backwards`, async () => {
    const name = stream();
    const written = events(5);
    const first = await client.appendToStream(name, written.slice(0, 3), { ...at(NO_STREAM), credentials });
    assert.equal(first.success, true);
    assert.equal(first.nextExpectedRevision, 2n);
    const second = await client.appendToStream(name, written.slice(3), { ...at(2n), credentials });
    assert.equal(second.nextExpectedRevision, 4n);
    assert.ok(second.position.commit > first.position.commit);

    const forwards = await collect(client.readStream(name, { direction: FORWARDS, fromRevision: START }));
    assert.deepEqual(ids(forwards), ids(written));
    assert.deepEqual(forwards[1].event.data, { index: 1 });
    assert.deepEqual(forwards[1].event.metadata, { actor: "test" });
    assert.equal(forwards[4].event.revision, 4n);
    const backwards = await collect(client.readStream(name, { direction: BACKWARDS, fromRevision: END, maxCount: 2 }));
    assert.deepEqual(ids(backwards), ids(written).reverse().slice(0, 2));
    const middle = await collect(client.readStream(name, { direction: FORWARDS, fromRevision: 2n, maxCount: 2 }));
    assert.deepEqual(ids(middle), ids(written).slice(2, 4));
  });

  test(`a wrong expected version ${way}`, async () => {
    const name = stream();
    await client.appendToStream(name, events(2), { credentials });
    await assert.rejects(client.appendToStream(name, events(1), { ...at(NO_STREAM), credentials }), (error) => {
      assert.ok(error instanceof WrongExpectedVersionError, String(error));
      assert.equal(error.actualVersion ?? error.actualState, 1n);
      return true;
    });
    await assert.rejects(client.appendToStream(name, events(1), { ...at(7n), credentials }), WrongExpectedVersionError);
    await assert.rejects(client.appendToStream(stream(), events(1), { ...at(STREAM_EXISTS), credentials }), WrongExpectedVersionError);
  });

  test(`the same append ${way} twice`, async () => {
    const name = stream();
    const same = events(3);
    for (const place of [NO_STREAM, ANY]) {
      const once = await client.appendToStream(name, same, { ...at(place), credentials });
      const again = await client.appendToStream(name, same, { ...at(place), credentials });
      assert.equal(again.nextExpectedRevision, 2n);
      assert.deepEqual(again.position, once.position);
    }
    assert.equal((await collect(client.readStream(name))).length, 3);
  });

  test(`an append ${way} that is too large`, async () => {
    const large = binaryEvent({ type: "Large", data: Buffer.alloc(1_048_577) });
    await assert.rejects(client.appendToStream(stream(), large, { credentials }), (error) => {
      assert.ok(error instanceof MaxAppendSizeExceededError, String(error));
      assert.equal(error.maxAppendSize, 1_048_576);
      return true;
    });
    const name = stream();
    const data = Buffer.alloc(1_040_000, 7);
    await client.appendToStream(name, binaryEvent({ type: "Large", data }), { credentials });
    const [kept] = await collect(client.readStream(name));
    assert.ok(Buffer.from(kept.event.data).equals(data));
  });
}

test("a wrong password", async () => {
  const credentials = { username: "admin", password: "wrong" };
  await assert.rejects(client.appendToStream(stream(), events(1), { credentials }), AccessDeniedError);
});

test("a stream that does not exist", async () => {
  await assert.rejects(collect(client.readStream(stream())), StreamNotFoundError);
});

// The older client has filters for subscriptions only.
test("$all with filters, both ways", { skip: !sdk.KurrentDBClient }, async () => {
  const category = `c${randomUUID().slice(0, 8)}`;
  const type = `Type${category}`;
  const mine = [];
  for (let i = 0; i < 5; i++) {
    const list = events(2, type);
    mine.push(...list);
    await client.appendToStream(`${category}-${i}`, list);
    await client.appendToStream(stream(), events(1));
  }
  for (const filter of [
    streamNameFilter({ prefixes: [`${category}-`] }), streamNameFilter({ regex: `^${category}-` }),
    eventTypeFilter({ prefixes: [type] }), eventTypeFilter({ regex: `^${type}$` }),
  ]) {
    assert.deepEqual(ids(await collect(client.readAll({ fromPosition: START, filter }))), ids(mine));
    assert.deepEqual(ids(await collect(client.readAll({ direction: BACKWARDS, fromPosition: END, filter }))), ids(mine).reverse());
  }
  const visible = await collect(client.readAll({ fromPosition: START, filter: excludeSystemEvents() }));
  assert.ok(visible.every((resolved) => !resolved.event.type.startsWith("$")));
});

test("$all from a position: inclusive forwards, exclusive backwards", async () => {
  const name = stream();
  for (let i = 0; i < 3; i++) await client.appendToStream(name, events(1));
  const all = await collect(client.readAll({ direction: FORWARDS, fromPosition: START }));
  const place = all.length - 2;
  const fromPosition = all[place].event.position;
  assert.deepEqual(ids(await collect(client.readAll({ fromPosition }))), ids(all.slice(place)));
  assert.deepEqual(ids(await collect(client.readAll({ direction: BACKWARDS, fromPosition, maxCount: 2 }))), ids(all.slice(place - 2, place)).reverse());
});

// follow takes events until there are as many as wanted.
const follow = async (subscription, count) => {
  const found = [];
  for await (const resolved of subscription) {
    found.push(resolved);
    if (found.length === count) break;
  }
  await subscription.unsubscribe();
  return found;
};

test("subscribe to a stream, and resume behind a revision", async () => {
  const name = stream();
  const written = events(6);
  await client.appendToStream(name, written.slice(0, 3));
  const subscription = client.subscribeToStream(name, { fromRevision: START });
  const caughtUp = new Promise((resolve) => subscription.once("caughtUp", resolve));
  const first = follow(subscription, 4);
  await caughtUp;
  await client.appendToStream(name, written.slice(3));
  assert.deepEqual(ids(await first), ids(written).slice(0, 4));
  assert.deepEqual(ids(await follow(client.subscribeToStream(name, { fromRevision: 3n }), 2)), ids(written).slice(4));
});

test("subscribe to $all with a filter, resume from event and from checkpoint", async () => {
  const category = `c${randomUUID().slice(0, 8)}`;
  const written = events(6);
  for (let i = 0; i < 3; i++) await client.appendToStream(`${category}-${i}`, written[i]);
  for (let i = 0; i < 70; i++) await client.appendToStream(stream(), events(1));
  const checkpoints = [];
  const filter = streamNameFilter({
    prefixes: [`${category}-`], checkpointInterval: 1, checkpointReached: (_, position) => checkpoints.push(position),
  });
  const subscription = client.subscribeToAll({ fromPosition: START, filter });
  const caughtUp = new Promise((resolve) => subscription.once("caughtUp", resolve));
  const first = follow(subscription, 4);
  await caughtUp;
  assert.ok(checkpoints.length >= 2);
  const checkpoint = checkpoints.at(-1);
  for (let i = 3; i < 6; i++) await client.appendToStream(`${category}-${i}`, written[i]);
  const got = await first;
  assert.deepEqual(ids(got), ids(written).slice(0, 4));
  assert.ok(checkpoint.commit < got[3].event.position.commit);
  const resumed = await follow(client.subscribeToAll({ fromPosition: checkpoint, filter: streamNameFilter({ prefixes: [`${category}-`] }) }), 3);
  assert.deepEqual(ids(resumed), ids(written).slice(3));
  const behind = await follow(client.subscribeToAll({ fromPosition: got[3].event.position, filter: streamNameFilter({ prefixes: [`${category}-`] }) }), 2);
  assert.deepEqual(ids(behind), ids(written).slice(4));
});

test("delete a stream and write to it again", async () => {
  const name = stream();
  await client.appendToStream(name, events(2));
  await assert.rejects(client.deleteStream(name, { expectedRevision: 7n }), WrongExpectedVersionError);
  await client.deleteStream(name, { expectedRevision: 1n });
  await assert.rejects(collect(client.readStream(name)), StreamNotFoundError);
  await client.appendToStream(name, events(1), at(NO_STREAM));
  const [kept, ...others] = await collect(client.readStream(name));
  assert.equal(kept.event.revision, 2n);
  assert.equal(others.length, 0);
});

test("a tombstone is for ever", async () => {
  const name = stream();
  await client.appendToStream(name, events(1));
  await client.tombstoneStream(name);
  await assert.rejects(collect(client.readStream(name)), StreamDeletedError);
  await assert.rejects(client.appendToStream(name, events(1)), StreamDeletedError);
  await assert.rejects(client.tombstoneStream(name), StreamDeletedError);
});

test("stream metadata", async () => {
  const name = stream();
  await client.appendToStream(name, events(5));
  assert.equal((await client.getStreamMetadata(name)).metadata, undefined);
  await client.setStreamMetadata(name, { maxCount: 2, owner: "shop" });
  const { metadata } = await client.getStreamMetadata(name);
  assert.equal(metadata.maxCount, 2);
  assert.equal(metadata.owner, "shop");
  assert.equal((await collect(client.readStream(name))).length, 2);
});

test("a real log: everything can be read, nothing written", async () => {
  const real = Client.connectionString(process.env.READONLY);
  const expected = JSON.parse(process.env.EVENTS);
  const all = await collect(real.readAll());
  assert.deepEqual(all.slice(1).map(({ event }) => ({ stream: event.streamId, type: event.type, data: event.data })), expected);
  const [{ stream: name }] = expected;
  assert.equal((await collect(real.readStream(name))).length, expected.filter((e) => e.stream === name).length);
  assert.deepEqual(ids(await follow(real.subscribeToAll({ fromPosition: START }), all.length)), ids(all));
  for (const refused of [
    () => real.appendToStream(name, events(1)),
    () => real.deleteStream(name),
    () => real.tombstoneStream(name),
    () => real.setStreamMetadata(name, { maxCount: 1 }),
  ]) await assert.rejects(refused, AccessDeniedError);
  await real.dispose();
});
