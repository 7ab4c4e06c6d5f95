package text

import "strings"

// Mask returns text with a secret hidden. Two kinds of secret occur too often by chance
// to be hidden everywhere. One shorter than four bytes is hidden only as a whole word.
// One that is a word of the program's own messages, such as "password", is hidden only
// in the form of an address or alone in quotes: otherwise messages would be unreadable,
// and would reveal that the secret is one of their words.
func Mask(text, secret string) string {
	switch {
	case secret == "":
		return text
	case len(secret) < 4:
		return replace(text, secret, standsAlone)
	case strings.Contains(messageWords, " "+strings.ToLower(secret)+" "):
		return replace(text, secret, inAddress)
	}
	return strings.ReplaceAll(text, secret, Hidden)
}

// messageWords are the words of messages about cameras, services and logins that
// somebody may use as a password.
const messageWords = " access account address admin again answer asks auth back before busy camera camcorder cannot certificate change channel check client" +
	" close closed code command config configuration connect connection content control correct data default denied device door down empty error failed" +
	" false file find forbids frame frames from gave give given handshake here host image insecure invalid kind later left live login made main missing" +
	" name network none null object once only open other page part password path paused permission picture please port program read ready reason refused" +
	" remote reset resume root rtsp secret server service session set sink site sound source start started state status stop stopped stream string sub" +
	" supported test text this time timeout token tried true trust type unknown user username users value verify video view wait watch within without" +
	" wrong write "

// replace hides word where the bytes before and after it (0: none) say so.
func replace(text, word string, hide func(before, after byte) bool) string {
	var b strings.Builder
	for at := 0; ; {
		i := strings.Index(text[at:], word)
		if i < 0 {
			b.WriteString(text[at:])
			return b.String()
		}
		i += at
		end := i + len(word)
		var before, after byte
		if i > 0 {
			before = text[i-1]
		}
		if end < len(text) {
			after = text[end]
		}
		b.WriteString(text[at:i])
		if hide(before, after) {
			b.WriteString(Hidden)
		} else {
			b.WriteString(word)
		}
		at = end
	}
}

func standsAlone(before, after byte) bool { return !wordByte(before) && !wordByte(after) }

func inAddress(before, after byte) bool {
	quoted := (before == '"' || before == '\'') && after == before
	return quoted || after == '@' || before != 0 && strings.IndexByte(":/=@", before) >= 0
}

func wordByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c >= 0x80
}
