package capture

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// Trust is how a server's certificate is verified: TrustVerify, TrustInsecure, or
// "pin:" followed by the SHA-256 fingerprint of the only trusted certificate, in
// hexadecimal with or without colons.
type Trust string

// Values of Trust without a fingerprint.
const (
	TrustVerify   Trust = "verify"   // with the system's certificates, as browsers do
	TrustInsecure Trust = "insecure" // accept any certificate: a man in the middle can read everything, including logins
)

const pinPrefix = "pin:"

// PinOf returns the Trust for the certificate with this fingerprint.
func PinOf(sum [32]byte) Trust { return Trust(pinPrefix + hex.EncodeToString(sum[:])) }

// Pin returns the fingerprint of the pinned certificate, and whether there is one. It
// fails for an invalid Trust, and says how to write one.
func (t Trust) Pin() (sum [32]byte, pinned bool, err error) {
	text, pinned := strings.CutPrefix(string(t), pinPrefix)
	switch {
	case t == TrustVerify || t == TrustInsecure:
		return sum, false, nil
	case !pinned:
		return sum, false, fmt.Errorf("%q: use %q, %q or \"pin:\" and the certificate's SHA-256 fingerprint", string(t), TrustVerify, TrustInsecure)
	}
	digits, err := hex.DecodeString(strings.ReplaceAll(text, ":", ""))
	if err != nil || len(digits) != len(sum) {
		return sum, true, fmt.Errorf("%q: after \"pin:\" write the 64 hexadecimal digits of the certificate's SHA-256 fingerprint", string(t))
	}
	return [32]byte(digits), true, nil
}
