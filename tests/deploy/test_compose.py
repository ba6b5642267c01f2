"""The compose file: read by a parser of the Compose specification, and held against the other files."""

import re
from pathlib import Path

import pytest
import yaml
from scripts import sizing

FILE = Path(__file__).parents[2] / "deploy" / "compose.yaml"


def interpolated(text):
    """${NAME:-default} as Compose puts it in where nothing is set; one without a default is an error."""
    assert not re.search(r"\$\{\w+\}|\$\w", text), "a variable without a default"
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load(interpolated(FILE.read_text()))


def test_file_is_one_to_the_specification(compose):
    parser = pytest.importorskip("compose_spec").PyCompose
    parsed = parser.from_yaml(yaml.safe_dump(compose))
    parsed.validate()
    assert set(parsed.service_names()) == {"layercalc", "nginx", "redis"}
    with pytest.raises(ValueError, match="read_onyl"):
        parser.from_yaml("services: {a: {image: b, read_onyl: true}}")


def test_services_are_hardened(compose):
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["mem_limit"], name
        assert service["pids_limit"], name
        assert all("noexec" in one for one in service["tmpfs"]), name
        assert ":" in service["image"], name
        assert not service["image"].endswith("latest"), name
        if name != "layercalc":  # whose image has a HEALTHCHECK
            assert service["healthcheck"]["test"][0] == "CMD", name
    assert [name for name, service in compose["services"].items() if "ports" in service] == ["nginx"]
    assert compose["networks"]["inside"]["internal"] is True


def test_what_is_started_first_is_waited_for(compose):
    for service in compose["services"].values():
        for other, how in service.get("depends_on", {}).items():
            assert other in compose["services"]
            assert how == {"condition": "service_healthy"}


def test_files_named_are_there(compose):
    build = compose["services"]["layercalc"]["build"]
    context = (FILE.parent / build["context"]).resolve()
    assert (context / build["dockerfile"]).is_file()
    for one in compose["services"]["nginx"]["volumes"]:
        assert (FILE.parent / one.split(":")[0]).is_file()


def test_settings_fit_one_another(compose):
    service = compose["services"]["layercalc"]
    settings = {name: str(value) for name, value in service["environment"].items()}
    assert set(settings) <= sizing.KNOWN
    drain, graceful = (int(settings.get(f"LAYERCALC_{name}_SECONDS", 0)) for name in ("DRAIN", "GRACEFUL"))
    assert int(service["stop_grace_period"].removesuffix("s")) >= drain + graceful + 5
    tmp = sizing.quantity(re.search(r"size=(\w+)", service["tmpfs"][0])[1])
    need = sizing.memory(settings) + tmp
    assert need <= sizing.quantity(service["mem_limit"]) <= 1.5 * need
    nginx = compose["services"]["nginx"]
    assert sizing.quantity(nginx["mem_limit"]) > sizing.quantity(re.search(r"size=(\w+)", nginx["tmpfs"][0])[1])
    assert int(settings["LAYERCALC_MAX_BODY_BYTES"]) * 16 < sizing.quantity(
        re.search(r"size=(\w+)", nginx["tmpfs"][0])[1]
    )
