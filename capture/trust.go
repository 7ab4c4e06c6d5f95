package capture

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// Trust says how the certificate of a server is verified: TrustVerify,
// TrustInsecure, or "pin:" and the SHA-256 fingerprint of the one certificate
// that is trusted, in hexadecimal with or without colons.
type Trust string

// The values of Trust without a fingerprint.
const (
	TrustVerify   Trust = "verify"   // by the certificates of the system, as browsers do
	TrustInsecure Trust = "insecure" // any certificate: a man in the middle can read everything, logins included
)

const pinPrefix = "pin:"

// PinOf returns the Trust in the one certificate with this fingerprint.
func PinOf(sum [32]byte) Trust { return Trust(pinPrefix + hex.EncodeToString(sum[:])) }

// Pin returns the fingerprint of the certificate that is trusted, and whether
// there is one. The error says how to write a Trust that is none.
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
		return sum, true, fmt.Errorf("%q: behind \"pin:\" stand the 64 hexadecimal digits of the certificate's SHA-256 fingerprint", string(t))
	}
	return [32]byte(digits), true, nil
}
