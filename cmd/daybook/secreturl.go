package main

import (
	"fmt"
	"os"
)

// secretURL is a setting whose value may hold a password: a flag, a variable of
// the environment, and one that names a file.
type secretURL struct {
	flag, variable string
	example        string // of one without a password
	hasPassword    func(url string) bool
}

// take completes the value that flag or variable have given: from the file if one
// is named. It refuses a password in the flag, which other users of the machine
// see.
func (s secretURL) take(value *string) error {
	path := os.Getenv(s.variable + fileSuffix)
	switch {
	case path != "" && *value != "":
		return fmt.Errorf("both %s%s and another place say what %s is: unset one", s.variable, fileSuffix, s.flag)
	case path != "":
		var err error
		if *value, err = fileValue(s.variable+fileSuffix, path, false); err != nil {
			return err
		}
		if *value == "" {
			return fmt.Errorf("%s%s: %s is empty", s.variable, fileSuffix, path)
		}
	case *value != "" && *value != os.Getenv(s.variable) && s.hasPassword(*value):
		return fmt.Errorf("%[1]s takes a URL such as %[2]s without a password, which other users of the machine would see: for one with a password set %[3]s, or %[3]s%[4]s to a file that has it", s.flag, s.example, s.variable, fileSuffix)
	}
	return nil
}

// applied calls the hooks of several groups of flags: alone kong would find none,
// because they have the same name.
func applied(hooks ...func() error) error {
	for _, hook := range hooks {
		if err := hook(); err != nil {
			return err
		}
	}
	return nil
}

// AfterApply takes the settings with secrets.
func (c *serveCommand) AfterApply() error {
	return applied(c.logFlag.AfterApply, c.redisFlag.AfterApply)
}

// AfterApply takes the settings with secrets.
func (c *rebuildCommand) AfterApply() error {
	return applied(c.logFlag.AfterApply, c.redisFlag.AfterApply)
}

// AfterApply takes the settings with secrets.
func (c *verifyCommand) AfterApply() error {
	return applied(c.logFlag.AfterApply, c.redisFlag.AfterApply)
}
