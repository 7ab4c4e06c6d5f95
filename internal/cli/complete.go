package cli

import (
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// CompleteArgument is the first argument of a request to complete a command line. The arguments
// after it are the words up to the cursor; the last one may be incomplete.
const CompleteArgument = "__complete"

// Names returns all names of a sort, for completion: "camera", "detector", "rule", "output",
// "alert", "kind", or "key:KIND" for the keys of a kind of detector.
type Names func(sort string) []string

// Completion is a possible word at the cursor.
type Completion struct {
	Word string
	Help string // one line; may be empty
}

// Complete returns the completions of the last word. None means that any word is possible, such
// as a file name. Values are completed if their flag or argument has the tag "complete", which is a
// sort of Names, or "=" and the values.
func Complete(words []string, names Names) []Completion {
	if len(words) == 0 {
		words = []string{""}
	}
	parser, err := newParser(new(Flags), io.Discard, func(int) {})
	if err != nil {
		return nil
	}
	last := len(words) - 1
	at := &position{node: parser.Model.Node}
	for _, word := range words[:last] {
		at.read(word)
	}
	partial := words[last]
	var all []Completion
	switch {
	case at.value != nil:
		all = valuesOf(at.value, nil, names)
	case strings.HasPrefix(partial, "-"):
		all = at.flags()
	case len(at.node.Children) > 0:
		for _, child := range at.node.Children {
			if !child.Hidden {
				all = append(all, Completion{child.Name, child.Help})
			}
		}
	default:
		n := min(len(at.given), len(at.node.Positional)-1)
		if n >= 0 {
			all = valuesOf(at.node.Positional[n], at.given, names)
		}
	}
	return slices.DeleteFunc(all, func(c Completion) bool { return !strings.HasPrefix(c.Word, partial) })
}

// position is the state after reading a command line up to the cursor.
type position struct {
	node  *kong.Node
	given []string    // arguments of the node
	value *kong.Value // of the flag before the cursor
}

func (p *position) read(word string) {
	if p.value != nil {
		p.value = nil
		return
	}
	name, isFlag := strings.CutPrefix(word, "--")
	if !isFlag {
		for _, child := range p.node.Children {
			if child.Name == word {
				p.node, p.given = child, nil
				return
			}
		}
		p.given = append(p.given, word)
		return
	}
	for _, f := range p.scope() {
		if f.Name == name && !f.IsBool() { // "--name=value" is one word
			p.value = f.Value
		}
	}
}

// scope returns the flags that the command accepts.
func (p *position) scope() []*kong.Flag {
	command := p.node
	for command.DefaultCmd != nil {
		command = command.DefaultCmd
	}
	path := strings.TrimPrefix(command.FullPath(), "rvo-tui ")
	var all []*kong.Flag
	for n := command; n != nil; n = n.Parent {
		for _, f := range n.Flags {
			if takes(path, f) {
				all = append(all, f)
			}
		}
	}
	return all
}

func (p *position) flags() []Completion {
	var all []Completion
	for _, f := range p.scope() {
		all = append(all, Completion{"--" + f.Name, f.Help})
	}
	return all
}

// valuesOf returns the values of a flag or argument, given the arguments before it.
func valuesOf(v *kong.Value, given []string, names Names) []Completion {
	sort := v.Tag.Get("complete")
	if list, ok := strings.CutPrefix(sort, "="); ok {
		return completions(strings.Split(list, ","))
	}
	if sort == "key" && len(given) > 0 {
		sort += ":" + given[0]
	}
	if sort == "" {
		return nil
	}
	return completions(names(sort))
}

func completions(words []string) []Completion {
	all := make([]Completion, len(words))
	for i, word := range words {
		all[i].Word = word
	}
	return all
}

// Script returns the completion script for bash, zsh or fish; empty for any other shell.
func Script(shell string) string {
	return map[string]string{"bash": bashScript, "zsh": zshScript, "fish": fishScript}[shell]
}

// Bash splits words at ":" and "=", and replaces the part after the last of them. No space is
// added after a key of a detector, which ends in "=".
const bashScript = `_rvo_tui() {
	local IFS=' ' line=${COMP_LINE:0:COMP_POINT} words last
	read -ra words <<<"$line"
	[[ $line == *' ' ]] && words+=('')
	last=${words[-1]}
	IFS=$'\n'
	COMPREPLY=($("${words[0]/#\~/$HOME}" ` + CompleteArgument + ` "${words[@]:1}" 2>/dev/null | cut -f1))
	COMPREPLY=("${COMPREPLY[@]#"${last%"${last##*[:=]}"}"}")
	[[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
	return 0
}
complete -o default -F _rvo_tui rvo-tui
`

const zshScript = `#compdef rvo-tui
_rvo_tui() {
	local -a found
	local line word help
	while IFS=$'\t' read -r word help; do
		found+=("${word//:/\\:}:$help")
	done < <("${(Q)words[1]}" ` + CompleteArgument + ` "${(@Q)words[2,CURRENT]}" 2>/dev/null)
	if (( ${#found} )); then
		_describe rvo-tui found
	else
		_files
	fi
}
if [ "$funcstack[1]" = _rvo-tui ]; then
	_rvo_tui "$@"
else
	compdef _rvo_tui rvo-tui
fi
`

const fishScript = `function __rvo_tui
	set -l words (commandline -opc) (commandline -ct)
	$words[1] ` + CompleteArgument + ` $words[2..] 2>/dev/null
end
complete -c rvo-tui -f -a '(__rvo_tui)'
complete -c rvo-tui -F -n 'test -z "$(__rvo_tui)"'
`
