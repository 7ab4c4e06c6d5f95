package mqtt

import (
	"testing"

	"github.com/eclipse/paho.golang/packets"
)

// A PUBREC that arrives while the connection is lost does not end the program.
func TestSessionWithoutConnection(t *testing.T) {
	s := newSession()
	defer s.Close()
	packet := packets.NewControlPacket(packets.PUBREC)
	packet.Content.(*packets.Pubrec).PacketID = 7
	if err := s.PacketReceived(packet, nil); err == nil {
		t.Error("an answer was sent without a connection")
	}
}
