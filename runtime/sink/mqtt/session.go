package mqtt

import (
	"fmt"

	"github.com/eclipse/paho.golang/packets"
	"github.com/eclipse/paho.golang/paho/session/state"
)

// session wraps the client library's session, which writes QoS 2 responses to the
// connection without checking that it still exists, and would crash the program.
type session struct{ *state.State }

func newSession() session { return session{state.NewInMemory()} }

// PacketReceived handles a packet. If its connection has ended in the meantime, it
// returns an error; the broker sends the packet again.
func (s session) PacketReceived(packet *packets.ControlPacket, messages chan<- *packets.Publish) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the connection ended before a packet was answered: %v", p)
		}
	}()
	return s.State.PacketReceived(packet, messages)
}
