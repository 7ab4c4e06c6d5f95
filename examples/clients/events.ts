// Prints the events of a running rvo-tui, in a browser or Node, and continues after a
// restart of either side.
export {};
const url = "http://127.0.0.1:7443/api", token = "";
let last = "";
for (;;) {
  try {
    const headers: Record<string, string> = {};
    if (token) headers.Authorization = "Bearer " + token;
    if (last) headers["Last-Event-ID"] = last;
    const answer = await fetch(url + "/stream?events", { headers });
    if (!answer.ok) throw new Error((await answer.json()).detail);
    let text = "";
    for await (const part of answer.body!.pipeThrough(new TextDecoderStream())) {
      text += part;
      const messages = text.split("\n\n");
      text = messages.pop()!;
      for (const message of messages) {
        const field = Object.fromEntries(message.split("\n").map((line) => line.split(/: (.*)/s)));
        if (field.id) last = field.id;
        if (field.event !== "event") continue;
        const { event } = JSON.parse(field.data);
        console.log(event.time, event.camera, event.event_type, event.phase);
      }
    }
  } catch (problem) {
    console.log("lost:", problem);
  }
  await new Promise((again) => setTimeout(again, 1000));
}
