#!/usr/bin/python3
"""An RTSP server for tests with one endless live stream.

It serves a moving test pattern, or a video file in real time and in a loop, as
H.264 or MJPEG under rtsp://ADDRESS:PORT/stream. --user and --password require a
login. It prints "ready PORT" on standard output when it listens. It exits on
SIGTERM and, with --watch-stdin, when its standard input closes, so that it never
outlives the test that started it.

Needs gir1.2-gst-rtsp-server-1.0, python3-gi and the GStreamer plugins base,
good, bad, ugly and libav.
"""

import argparse
import signal
import sys

try:
    import gi

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtspServer
except (ImportError, ValueError) as err:
    print(f"unavailable: {err}", file=sys.stderr)
    sys.exit(77)


def arguments():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--address", default="127.0.0.1")
    p.add_argument("--port", type=int, default=8554, help="0: any free port")
    p.add_argument("--path", default="/stream")
    p.add_argument("--file", help="video file to play; default: a test pattern")
    p.add_argument("--size", default="320x240", help="WIDTHxHEIGHT; a file is scaled to it")
    p.add_argument("--fps", type=int, default=25)
    p.add_argument("--codec", choices=["h264", "mjpeg"], default="h264")
    p.add_argument("--launch", help="GStreamer launch line up to pay0 and pay1; replaces the options above")
    p.add_argument("--user")
    p.add_argument("--password")
    p.add_argument("--auth", choices=["basic", "digest"], default="digest")
    p.add_argument("--watch-stdin", action="store_true")
    return p.parse_args()


def launch(args):
    """Returns the pipeline of the shared media, up to the payloader pay0."""
    if args.launch:
        return f"( {args.launch} )"
    width, height = args.size.split("x")
    if args.file:
        # The pump below feeds it, so that the stream continues at the end of the file.
        head = "appsrc name=src is-live=true do-timestamp=true format=time"
    else:
        head = "videotestsrc is-live=true pattern=ball"
    caps = f"video/x-raw,format=I420,width={width},height={height},framerate={args.fps}/1"
    if args.file:
        head += f" caps={caps}"
    else:
        head += f" ! {caps}"
    if args.codec == "mjpeg":
        return f"( {head} ! jpegenc ! rtpjpegpay name=pay0 pt=26 )"
    return (
        f"( {head} ! x264enc tune=zerolatency speed-preset=ultrafast sliced-threads=false threads=1 "
        f"key-int-max={args.fps} bitrate=2000 ! rtph264pay name=pay0 pt=96 config-interval=-1 )"
    )


class Pump:
    """Plays a file in real time and in a loop into the appsrc of a media."""

    def __init__(self, args, media):
        self.src = media.get_element().get_by_name("src")
        self.name = args.file
        width, height = args.size.split("x")
        self.player = Gst.parse_launch(
            "filesrc name=file ! decodebin ! videoconvert ! videoscale ! videorate ! "
            f"video/x-raw,format=I420,width={width},height={height},framerate={args.fps}/1 ! "
            "appsink name=sink sync=true emit-signals=true max-buffers=2 drop=true"
        )
        self.player.get_by_name("file").set_property("location", args.file)
        self.player.get_by_name("sink").connect("new-sample", self.sample)
        bus = self.player.get_bus()
        bus.add_signal_watch()
        bus.connect("message::eos", self.again)
        bus.connect("message::error", self.fault)
        media.connect("unprepared", self.stop)
        self.player.set_state(Gst.State.PLAYING)

    def sample(self, sink):
        buffer = sink.emit("pull-sample").get_buffer().copy()
        buffer.pts = buffer.dts = Gst.CLOCK_TIME_NONE
        self.src.emit("push-buffer", buffer)
        return Gst.FlowReturn.OK

    def again(self, _bus, _message):
        self.player.seek_simple(Gst.Format.TIME, Gst.SeekFlags.FLUSH, 0)

    def fault(self, _bus, message):
        print(f"play {self.name}: {message.parse_error()[0].message}", file=sys.stderr)
        sys.exit(1)

    def stop(self, _media):
        self.player.set_state(Gst.State.NULL)


def require_login(server, factory, args):
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "user")
    if args.auth == "digest":
        auth.set_supported_methods(GstRtspServer.rtsp_auth_method("digest")) if hasattr(
            GstRtspServer, "rtsp_auth_method"
        ) else auth.set_supported_methods(2)
        auth.add_digest(args.user, args.password, token)
    else:
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(args.user, args.password), token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("user", "media.factory.access", True)
    permissions.add_permission_for_role("user", "media.factory.construct", True)
    factory.set_permissions(permissions)


def main():
    args = arguments()
    Gst.init(None)
    for element in ["x264enc" if args.codec == "h264" else "jpegenc", "rtph264pay", "videotestsrc"]:
        if not Gst.ElementFactory.find(element):
            print(f"unavailable: GStreamer has no {element}", file=sys.stderr)
            sys.exit(77)

    server = GstRtspServer.RTSPServer()
    server.set_address(args.address)
    server.set_service(str(args.port))
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(launch(args))
    factory.set_shared(True)
    if args.file:
        factory.connect("media-configure", lambda _factory, media: Pump(args, media))
    if args.user:
        require_login(server, factory, args)
    server.get_mount_points().add_factory(args.path, factory)

    loop = GLib.MainLoop()
    if server.attach(None) == 0:
        print(f"listen on {args.address}:{args.port}: address in use?", file=sys.stderr)
        sys.exit(1)
    GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGTERM, loop.quit)
    if args.watch_stdin:
        GLib.io_add_watch(sys.stdin, GLib.PRIORITY_DEFAULT, GLib.IO_HUP, lambda *_: loop.quit())
    print(f"ready {server.get_bound_port()}", flush=True)
    loop.run()


if __name__ == "__main__":
    main()
