package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
	"kindling.internal/infra/internal/catalog"
	"kindling.internal/infra/internal/scaffold"
)

// interactive reports whether somebody can be asked.
func (a *app) interactive() bool {
	file, ok := a.in.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// askForService asks for what the flags do not say.
func (a *app) askForService(cmd *cobra.Command, root string, request *scaffold.Request, kind *string) error {
	q := questions{ctx: cmd.Context(), in: bufio.NewReader(a.in), out: a.errs}
	if request.Name == "" {
		request.Name = q.ask("name", "", catalog.CheckName)
	}
	if !cmd.Flags().Changed("template") {
		*kind = q.ask("template, "+oneOf(scaffold.Templates()), *kind, among(scaffold.Templates()))
	}
	if !cmd.Flags().Changed("needs") {
		request.Needs = q.list("needs", scaffold.Needs())
	}
	if services := scaffold.Services(root); !cmd.Flags().Changed("calls") && len(services) > 0 {
		request.Calls = q.list("calls", services)
	}
	if q.err != nil {
		return badInput("new", q.err.Error(), cmd.UseLine())
	}
	return nil
}

// questions are put one after the other, until one is not answered.
type questions struct {
	ctx context.Context
	in  *bufio.Reader
	out io.Writer
	err error
}

// ask repeats a question until the answer passes the check; an empty answer is
// the fallback.
func (q *questions) ask(question, fallback string, check func(string) error) string {
	for q.err == nil {
		fmt.Fprint(q.out, question)
		if fallback != "" {
			fmt.Fprintf(q.out, " [%s]", fallback)
		}
		fmt.Fprint(q.out, ": ")
		answer := q.line()
		if answer == "" {
			answer = fallback
		}
		if q.err != nil {
			break
		}
		err := check(answer)
		if err == nil {
			return answer
		}
		fmt.Fprintln(q.out, "  "+err.Error())
	}
	return ""
}

// nothing is the answer for an empty list.
const nothing = "nothing"

// list asks for some of the choices, separated by commas or spaces.
func (q *questions) list(question string, choices []string) []string {
	answer := q.ask(question+", any of "+strings.Join(choices, ", "), nothing, func(answer string) error {
		for _, name := range names(answer) {
			if err := among(choices)(name); err != nil {
				return err
			}
		}
		return nil
	})
	return names(answer)
}

func names(answer string) []string {
	if answer == nothing {
		return nil
	}
	return strings.FieldsFunc(answer, func(r rune) bool { return r == ',' || r == ' ' })
}

func among(choices []string) func(string) error {
	return func(answer string) error {
		if slices.Contains(choices, answer) {
			return nil
		}
		return fmt.Errorf("%q is not %s", answer, oneOf(choices))
	}
}

// line reads an answer. ^C ends the wait, not the read: the process ends soon.
func (q *questions) line() string {
	type result struct {
		text string
		err  error
	}
	read := make(chan result, 1)
	go func() {
		text, err := q.in.ReadString('\n')
		read <- result{text, err}
	}()
	select {
	case r := <-read:
		if r.err != nil {
			q.err = errors.New("the questions were not answered to the end")
		}
		return strings.TrimSpace(r.text)
	case <-q.ctx.Done():
		q.err = context.Cause(q.ctx)
		return ""
	}
}
