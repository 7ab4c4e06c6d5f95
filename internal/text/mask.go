package text

import "strings"

// Mask returns text with a secret hidden. Two kinds of secret are not hidden everywhere, because
// they also occur by chance. A secret shorter than four bytes is hidden only as a whole word. A
// secret that is a word of the program's own messages, such as "password", is hidden only in
// addresses or alone in quotes: otherwise messages would be unreadable, and would reveal that the
// secret is one of their words.
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

// messageWords are words of the program's messages that may also be used as passwords.
const messageWords = " aborted accept accepts access account address addresses adjacent admin after again allow allowed alone announces another answer answered answers arrives asked asks auth authority back before" +
	" behind body brackets broker buffer build built busy bytes camcorder camera cameras cannot capture card certificate change changed channel" +
	" channels character characters check client close closed closes code colon come command commands compiler config configuration configure connect" +
	" connection connections contain contains content contents control controlled convert converter copy correct count create damaged data declare declares decode" +
	" default deleted delivers denied denies describe describes destination detect development device devices dimensions docs does door down empty enable encode" +
	" encoder encrypted ended endpoint error example exceeds exec exist failed false fewer file files find fingerprint finish first followed forbids form" +
	" format found fractions frame frames free from front full gateway gave give given gives gone graphics group handshake have header here hold holds host" +
	" hours image implement incomplete input insecure install instead intended internal invalid itself kind known large larger last later leads least left list" +
	" listed live login long longer look lost machine made main make malformed many match maximum meant media memory merged message metadata million minimum missing mixed" +
	" model more most movie multipart must name names neighbouring neither network next none nothing notify nowhere null number numbers object" +
	" once only open option other output outputs over overloaded packet packets page panic parameter part parts password passwords path paused" +
	" percent permission person picture pinned pins pixels plain play please port ports program query rate reach read ready reason redirections redirects" +
	" reduce refers refused refuses regular rejects remote remove replace request requested require requires reset respond responded responds response restarted resume return returned root rtsp sample says scene scheme secret seed send sends sent" +
	" separately server service services session set shape short shows side since single sink site size slash slashes smaller socket sound source sources" +
	" speak speaks special start started state status stop stopped stopping stream string sub such support supported system takes template test" +
	" text than that them there these this those three time timeout times together token topic track tracks transport tried true truncated trust trusted" +
	" type understand unix unknown unplugged user username users uses valid value verify version video view viewer wait waiting wants watch" +
	" watched webhook what when where which whole whose with within without words works write writes wrong "

// replace hides word wherever hide returns true for the bytes before and after it (0: none).
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
