import pytest

from device.models import Models, load_catalog


@pytest.mark.engines
def test_a_real_model_comes_from_the_users_own_index(tmp_path):
    models = Models(tmp_path / "models", load_catalog(None))
    models.pull("smart-turn-v3.2")
    assert models.verify("smart-turn-v3.2") == []
