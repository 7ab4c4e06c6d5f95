package mqtt

import (
	"fmt"

	"github.com/eclipse/paho.golang/packets"
	"github.com/eclipse/paho.golang/paho/session/state"
)

// session is the client library's, which writes answers of QoS 2 to the connection
// without looking whether it is still there, and would end the program.
type session struct{ *state.State }

func newSession() session { return session{state.NewInMemory()} }

// PacketReceived handles a packet. One whose connection has ended meanwhile is an error;
// the broker sends it again.
func (s session) PacketReceived(packet *packets.ControlPacket, messages chan<- *packets.Publish) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the connection ended before a packet was answered: %v", p)
		}
	}()
	return s.State.PacketReceived(packet, messages)
}
