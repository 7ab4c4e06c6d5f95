// Runs a model service, with health checks, deadlines and a clean stop.

import { Server, ServerCredentials, status, type ServerUnaryCall } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import { DetectorService, type DetectRequest, type DetectResponse } from "./detect.js";

export type Detect = (
  request: DetectRequest,
  call: ServerUnaryCall<DetectRequest, DetectResponse>,
) => DetectResponse | Promise<DetectResponse>;

/**
 * Serves until SIGTERM or SIGINT, then finishes running calls within 5 s.
 *
 * address is host:port or unix:/path. The default is the socket in RVO_SOCKET, which
 * rvo-tui sets for services that it starts, else 127.0.0.1:50051. detect is not called
 * if the deadline has passed. If it throws, the call fails with the error's `code`, or
 * INTERNAL. Health checks (grpc.health.v1) report SERVING until the service is asked to
 * stop.
 */
export async function serve(detect: Detect, address = ""): Promise<void> {
  const socket = process.env.RVO_SOCKET;
  address ||= socket ? "unix:" + socket : "127.0.0.1:50051";
  const server = new Server();
  const health = new HealthImplementation({ "": "SERVING" });
  health.addToServer(server);
  server.addService(DetectorService, {
    async detect(call: ServerUnaryCall<DetectRequest, DetectResponse>, answer: (error: object | null, response?: DetectResponse) => void) {
      if (call.cancelled) return;
      try {
        answer(null, await detect(call.request, call));
      } catch (problem) {
        const { code = status.INTERNAL, message = String(problem) } = problem as { code?: number; message?: string };
        answer({ code, message });
      }
    },
  });
  const port = await new Promise<number>((bound, failed) =>
    server.bindAsync(address, ServerCredentials.createInsecure(), (problem, port) =>
      problem ? failed(problem) : bound(port),
    ),
  );
  console.log("listening on", address.replace(/:\d+$/, ":" + port));
  await new Promise((asked) => ["SIGTERM", "SIGINT"].forEach((signal) => process.once(signal, asked)));
  health.setStatus("", "NOT_SERVING");
  const late = setTimeout(() => server.forceShutdown(), 5000);
  await new Promise((ended) => server.tryShutdown(ended));
  clearTimeout(late);
}
