package rtsp

import (
	"errors"
	"fmt"

	"rvo-tui/capture"
)

// statuses are the error statuses of servers (RFC 2326, section 7.1.1), worded for the
// user.
var statuses = map[int]error{
	400: errors.New("the camera does not understand the request (status 400): check the path of the address"),
	403: fmt.Errorf("%w: the camera denies access to this user (status 403)", capture.ErrUnauthorized),
	404: errors.New("the camera has no such stream (status 404): check the path of the address"),
	405: errors.New("the camera does not allow this stream to be played (status 405): check the path of the address"),
	406: errors.New("the camera cannot describe this stream (status 406): check the path of the address"),
	408: errors.New("the camera timed out waiting for the request (status 408)"),
	410: errors.New("the stream is gone (status 410): check the path of the address"),
	415: errors.New("the camera cannot send this kind of media (status 415)"),
	451: errors.New("the camera does not understand a parameter (status 451): check the query of the address"),
	453: errors.New("the camera accepts no more connections (status 453): close another viewer, or allow more in the camera"),
	454: errors.New("the camera ended the session (status 454)"),
	455: errors.New("the camera refuses this now (status 455): another viewer may be using it"),
	457: errors.New("the camera cannot play from the requested position (status 457)"),
	459: errors.New("the camera requires its tracks to be controlled separately (status 459)"),
	460: errors.New("the camera requires its tracks to be controlled together (status 460)"),
	462: errors.New("the camera cannot reach this machine (status 462): check the network"),
	500: errors.New("the camera reports an internal error (status 500): check the camera"),
	501: errors.New("the camera does not implement this (status 501)"),
	502: errors.New("a gateway got no response from the camera (status 502)"),
	503: errors.New("the camera is overloaded or accepts no more connections (status 503): close another viewer"),
	504: errors.New("a gateway got no response from the camera in time (status 504)"),
	505: errors.New("the camera does not speak RTSP 1.0 (status 505)"),
	551: errors.New("the camera does not support an option (status 551)"),
}

// refused returns the error for a status. It contains no text from the server.
func (c *client) refused(status int) error {
	switch status {
	case 401:
		return c.unauthorized()
	case 461:
		other := "udp"
		if c.udp {
			other = "tcp"
		}
		return fmt.Errorf("the camera refuses this transport (status 461): set transport = %q", other)
	}
	if err := statuses[status]; err != nil {
		return err
	}
	return fmt.Errorf("the camera responds with status %d", status)
}

func (c *client) unauthorized() error {
	switch schemes := c.login.Refused(); {
	case c.withheld != "":
		return fmt.Errorf("%w: it redirects to %s, which requires a login, but the one in the address is only for %s: give the address of the stream itself", capture.ErrUnauthorized, c.addr.host, c.withheld)
	case c.login == nil:
		return fmt.Errorf("%w: the camera requires a login; write it as in rtsp://USER:PASSWORD@%s/", capture.ErrUnauthorized, c.addr.host)
	case schemes != "":
		return fmt.Errorf("%w: the camera requires a login by %s, but this program supports Digest (MD5, SHA-256) and Basic: allow one of these in the camera", capture.ErrUnauthorized, schemes)
	}
	return fmt.Errorf("%w: correct them in the address, as in rtsp://USER:PASSWORD@%s/", capture.ErrUnauthorized, c.addr.host)
}
