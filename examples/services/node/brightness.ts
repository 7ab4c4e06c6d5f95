// A model service that returns the brightness of each frame, 0 to 1. Replace look with your
// model.
//
//     sdk/build.sh node
//     node examples/services/node/dist/brightness.js
//
// docs/remote.md shows how to use it in rvo-tui.

import { DetectResponse } from "rvo-sdk/detect";
import { serve } from "rvo-sdk/service";

function look(frame: Uint8Array): number {
  return frame.reduce((sum, value) => sum + value, 0) / frame.length / 255;
}

await serve((request) => {
  if (request.frame_bgr.length === 0) {
    throw Object.assign(new Error('no raw frame: set format = "bgr"'), { code: 3 }); // INVALID_ARGUMENT
  }
  return DetectResponse.fromPartial({
    model: "brightness 1",
    signals: [{ signal_type: "brightness", number: look(request.frame_bgr) }],
  });
}, process.argv[2]);
