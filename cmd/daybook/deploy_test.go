package main_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"daybook/eventstore/eventstoredb"
)

// composeFile has the members of docker-compose.yml that are used; any other
// is a mistake.
type composeFile struct {
	Name     string
	Services map[string]composeService
	Volumes  map[string]any
}

type composeService struct {
	Build       string
	Image       string
	Command     []string
	Restart     string
	Profiles    []string
	ReadOnly    bool     `yaml:"read_only"`
	CapDrop     []string `yaml:"cap_drop"`
	SecurityOpt []string `yaml:"security_opt"`
	Ports       []string
	Volumes     []string
	DependsOn   []string `yaml:"depends_on"`
	Environment map[string]string
	Healthcheck composeHealth

	StopGracePeriod string `yaml:"stop_grace_period"`
}

type composeHealth struct {
	Test        []string
	Interval    string
	Timeout     string
	Retries     int
	StartPeriod string `yaml:"start_period"`
}

func TestComposeFileStartsDaybookWithALogOfItsOwnAndRedis(t *testing.T) {
	inTree(t)
	content, err := os.ReadFile("../../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	var compose composeFile
	if err := decoder.Decode(&compose); err != nil {
		t.Fatal(err)
	}
	for name, service := range compose.Services {
		if (name == "eventstoredb") != slices.Equal(service.Profiles, []string{"eventstoredb"}) || service.Restart != "unless-stopped" || len(service.Volumes) == 0 || len(service.Healthcheck.Test) == 0 {
			t.Errorf("service %s: profiles %v, volumes %v, health check %v", name, service.Profiles, service.Volumes, service.Healthcheck.Test)
		}
		for _, port := range service.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("service %s: port %s is open to the network without TLS", name, port)
			}
		}
		for _, volume := range service.Volumes {
			named, _, _ := strings.Cut(volume, ":")
			if _, ok := compose.Volumes[named]; !ok {
				t.Errorf("service %s: volume %s is not declared", name, named)
			}
		}
	}
	redis := compose.Services["redis"]
	if line := strings.Join(redis.Command, " "); !strings.Contains(line, "--maxmemory-policy noeviction") || !strings.Contains(line, "--appendonly yes") || len(redis.Volumes) != 1 {
		t.Errorf("redis runs %s on volumes %v: it must keep what it is told", line, redis.Volumes)
	}
	daybook := compose.Services["daybook"]
	if daybook.Environment["DAYBOOK_REDIS"] != "redis://redis:6379/0" || !slices.Equal(daybook.DependsOn, []string{"redis"}) {
		t.Errorf("daybook keeps its read models in %q and starts behind %v", daybook.Environment["DAYBOOK_REDIS"], daybook.DependsOn)
	}
	if where := daybook.Environment["DAYBOOK_EVENTSTORE"]; where != "${DAYBOOK_EVENTSTORE:-}" || !slices.Equal(daybook.Volumes, []string{"daybook:/data"}) {
		t.Errorf("the log is in %q, and the volumes are %v: by itself it is in a volume", where, daybook.Volumes)
	}
	if stop, err := time.ParseDuration(daybook.StopGracePeriod); err != nil || stop < stopWithin {
		t.Errorf("docker kills daybook after %q, before it has stopped", daybook.StopGracePeriod)
	}
	_, url, _ := strings.Cut(string(content), "export DAYBOOK_EVENTSTORE='")
	url, _, _ = strings.Cut(url, "'")
	database, err := eventstoredb.Open(eventstoredb.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	if err := database.Close(); err != nil {
		t.Error(err)
	}
	if image := compose.Services["eventstoredb"].Image; !strings.HasPrefix(image, "eventstore/eventstore:23.10.") {
		t.Errorf("the image of EventStoreDB is %s", image)
	}
	if !slices.Equal(daybook.Healthcheck.Test, []string{"CMD", "/daybook", "health"}) {
		t.Errorf("daybook's health check is %v, and there is no other program in its image", daybook.Healthcheck.Test)
	}
	if !daybook.ReadOnly || daybook.Build == "" || !slices.Equal(daybook.CapDrop, []string{"ALL"}) {
		t.Error("daybook is to be built here, read-only but for its volume, without capabilities")
	}
	for secret, without := range map[string]string{"DAYBOOK_TOKENS": ":?", "DAYBOOK_CALLBACK_SECRETS": ":-}", "DAYBOOK_CHECKOUT_SECRETS": ":-}"} {
		if !strings.HasPrefix(daybook.Environment[secret], "${"+secret+without) {
			t.Errorf("%s has a value or a default; it must be set by whoever starts it", secret)
		}
	}
}

// TestDockerTakesTheComposeFile asks docker itself, where it has the plugin.
func TestDockerTakesTheComposeFile(t *testing.T) {
	inTree(t)
	if err := exec.Command("docker", "compose", "version").Run(); err != nil {
		t.Skip("docker compose is not on this machine")
	}
	for _, profile := range []string{"", "eventstoredb"} {
		command := exec.Command("docker", "compose", "--file", "../../docker-compose.yml", "--profile", profile, "config", "--services")
		command.Env = append(os.Environ(), secretsSetting, tokensSetting)
		out, err := command.CombinedOutput()
		if err != nil || strings.Contains(string(out), "eventstoredb") != (profile != "") || !strings.Contains(string(out), "redis") {
			t.Errorf("with profile %q: %v\n%s", profile, err, out)
		}
	}
}

// TestTheImageIsBuiltWithoutDataAndSecrets holds .dockerignore against what git
// does not track.
func TestTheImageIsBuiltWithoutDataAndSecrets(t *testing.T) {
	inTree(t)
	lines := func(name string) (patterns []string) {
		content, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(content)) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				patterns = append(patterns, line)
			}
		}
		return patterns
	}
	ignored := lines(".dockerignore")
	wanted := []string{"daybook.db*", "daybook.journal*", "dev-secrets.json", ".env*", "*.pem", "*.key"}
	for _, pattern := range lines(".gitignore") {
		wanted = append(wanted, strings.Trim(pattern, "/"))
	}
	for _, pattern := range wanted {
		if !slices.Contains(ignored, pattern) && !slices.Contains(ignored, "**/"+pattern) {
			t.Errorf("%s is sent to docker", pattern)
		}
	}
	tracked, err := exec.Command("git", "ls-files", "../..").Output()
	if err != nil {
		t.Skip("this is no clone")
	}
	for file := range strings.Lines(string(tracked)) {
		for _, pattern := range ignored {
			if match, _ := filepath.Match(strings.TrimPrefix(pattern, "**/"), filepath.Base(strings.TrimSpace(file))); match {
				t.Errorf("%s is tracked and not sent to docker", file)
			}
		}
	}
}

func TestDockerfileEndsInAStaticBinaryThatIsNotRoot(t *testing.T) {
	inTree(t)
	content, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(content), "\\\n", " ")
	last := map[string]string{} // the arguments of each instruction in the last stage
	for line := range strings.Lines(text) {
		instruction, arguments, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch instruction {
		case "", "#":
		case "FROM":
			last = map[string]string{"FROM": arguments}
		case "WORKDIR", "COPY", "RUN", "USER", "VOLUME", "EXPOSE", "ENV", "ENTRYPOINT", "CMD":
			last[instruction] = arguments
		default:
			t.Errorf("unknown instruction %q", instruction)
		}
	}
	if last["FROM"] != "scratch" || last["USER"] != "65532:65532" || last["VOLUME"] != "/data" {
		t.Errorf("the last stage is from %q, user %q, volume %q", last["FROM"], last["USER"], last["VOLUME"])
	}
	if !strings.Contains(text, "CGO_ENABLED=0 go build") {
		t.Error("the binary is not static")
	}
	if last["ENTRYPOINT"] != `["/daybook"]` {
		t.Errorf("entry point %s", last["ENTRYPOINT"])
	}
}
