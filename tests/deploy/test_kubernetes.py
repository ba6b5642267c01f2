"""The Kubernetes manifests: built by kustomize itself, held against Kubernetes' own schemas and against the settings."""

import re
import shutil
import subprocess
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from scripts import sizing

from layercalc.capacity import BASE_BYTES
from layercalc.limits import Limits

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"
NEWEST, OLDEST = kubernetes_validate.latest_version(), "1.28.0"  # what the manifests are said to work on


def kustomize(folder):
    """What a kustomization builds, by kind and name."""
    program = ["kustomize", "build"] if shutil.which("kustomize") else ["kubectl", "kustomize"]
    if not shutil.which(program[0]):
        pytest.skip("needs kustomize or kubectl")
    done = subprocess.run([*program, str(folder)], capture_output=True, text=True, timeout=60)
    if "unknown field" in done.stderr:
        pytest.skip(f"{program[0]} has a kustomize older than 4")
    assert (done.returncode, done.stderr) == (0, "")
    return {(one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(done.stdout)}


@pytest.fixture(scope="module", params=["base", "overlays/production"])
def built(request):
    return kustomize(FOLDER / request.param)


def one(built, kind, name="layercalc"):
    return built[kind, name]


def pod(built, name="layercalc"):
    return one(built, "Deployment", name)["spec"]["template"]["spec"]


def environment(built):
    """The settings of a pod, as its ConfigMap has them."""
    (name,) = [source["configMapRef"]["name"] for source in pod(built)["containers"][0]["envFrom"]]
    return one(built, "ConfigMap", name)["data"]


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_every_resource_is_one_of_kubernetes(built, version):
    assert len(built) >= 7
    for resource in built.values():
        kubernetes_validate.validate(resource, version, strict=True)


def test_schema_finds_a_field_that_is_not_there(built):
    pod(built)["containers"][0]["readinesProbe"] = {}
    try:
        with pytest.raises(kubernetes_validate.ValidationError, match="readinesProbe"):
            kubernetes_validate.validate(one(built, "Deployment"), NEWEST, strict=True)
    finally:
        del pod(built)["containers"][0]["readinesProbe"]


def test_selectors_find_their_pods(built):
    for name in {name for kind, name in built if kind == "Deployment"}:
        labels = one(built, "Deployment", name)["spec"]["template"]["metadata"]["labels"].items()
        for kind, path in [
            ("Deployment", ("selector", "matchLabels")),
            ("Service", ("selector",)),
            ("PodDisruptionBudget", ("selector", "matchLabels")),
            ("NetworkPolicy", ("podSelector", "matchLabels")),
        ]:
            if (kind, name) in built:
                found = one(built, kind, name)["spec"]
                for key in path:
                    found = found[key]
                assert found.items() <= labels, (kind, name)
    target = one(built, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) in built
    assert "replicas" not in one(built, "Deployment")["spec"], "an apply would undo the autoscaler"


def test_autoscaler_and_disruption_budget_leave_a_pod(built):
    scaler = one(built, "HorizontalPodAutoscaler")["spec"]
    assert scaler["metrics"][0]["resource"]["name"] == "cpu"
    assert pod(built)["containers"][0]["resources"]["requests"]["cpu"], "utilisation is of the request"
    assert scaler["minReplicas"] > one(built, "PodDisruptionBudget")["spec"]["maxUnavailable"]


def test_settings_are_known_to_the_service(built):
    for name, text in environment(built).items():
        assert name in sizing.KNOWN, name
        assert text


def test_pods_are_restricted(built):
    """The rules of Kubernetes' Pod Security Standard `restricted`, and a read-only root file system."""
    for name in {name for kind, name in built if kind == "Deployment"}:
        spec = pod(built, name)
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] > 0
        assert spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
        assert spec["automountServiceAccountToken"] is False
        assert spec["enableServiceLinks"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
        for volume in spec.get("volumes", []):
            assert set(volume) <= {"name", "emptyDir", "secret"}
        for container in spec["containers"]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["readOnlyRootFilesystem"] is True
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert "hostPort" not in str(container)
            assert ":" in container["image"]
            assert not container["image"].endswith(":latest")
            assert container["resources"]["limits"]["memory"]


def test_probes_ask_for_the_routes_that_need_no_key(built):
    container = pod(built)["containers"][0]
    paths = {kind: container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "readiness", "liveness")}
    assert paths == {"startup": "/readyz", "readiness": "/readyz", "liveness": "/livez"}
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"http": 8000}
    liveness = container["livenessProbe"]
    patience = liveness["periodSeconds"] * liveness["failureThreshold"]
    assert patience > max(Limits().max_forward_seconds, 45), "a pod whose threads are all busy is not dead"


def test_a_pod_has_the_time_to_drain(built):
    spec, settings = pod(built), environment(built)
    before = int(spec["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
    drain = int(settings.get("LAYERCALC_DRAIN_SECONDS", 0))
    assert spec["terminationGracePeriodSeconds"] >= before + drain + int(settings["LAYERCALC_GRACEFUL_SECONDS"]) + 5
    probe = spec["containers"][0]["readinessProbe"]
    assert before >= probe["periodSeconds"] * probe["failureThreshold"]


def test_memory_limit_is_what_the_published_limits_add_up_to(built):
    resources = pod(built)["containers"][0]["resources"]
    tmp = sizing.quantity(next(v for v in pod(built)["volumes"] if v["name"] == "tmp")["emptyDir"]["sizeLimit"])
    need = sizing.memory(environment(built)) + tmp
    assert need <= sizing.quantity(resources["limits"]["memory"]) <= 1.5 * need
    idle = int(environment(built)["LAYERCALC_WORKERS"]) * BASE_BYTES
    assert sizing.quantity(resources["requests"]["memory"]) >= idle


def test_ingress_lets_in_what_the_service_takes():
    built = kustomize(FOLDER / "overlays" / "production")
    annotations = one(built, "Ingress")["metadata"]["annotations"]
    get = {key.partition("/")[2]: value for key, value in annotations.items()}
    assert get["proxy-body-size"] == environment(built)["LAYERCALC_MAX_BODY_BYTES"]
    assert get["proxy-request-buffering"] == "on"
    (mount,) = [m for m in pod(built)["containers"][0]["volumeMounts"] if m["name"] == "api-keys"]
    assert environment(built)["LAYERCALC_API_KEYS_FILE"].startswith(mount["mountPath"])
    redis = re.match(r"redis://([\w-]+):(\d+)", environment(built)["LAYERCALC_RATE_LIMIT_STORAGE"])
    assert one(built, "Service", redis[1])["spec"]["ports"][0]["port"] == int(redis[2])
    reached = one(built, "NetworkPolicy")["spec"]["egress"][0]
    assert reached["to"][0]["podSelector"]["matchLabels"]["app.kubernetes.io/name"] == redis[1]
    assert one(built, "Namespace")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
