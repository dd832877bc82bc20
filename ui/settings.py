"""Settings: arguments > environment ``LOOPAI_…`` > ``loopai.toml`` > defaults. The only reader of any of them."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_data_path
from pydantic import Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

_DATA = user_data_path("loopai", appauthor=False)


class Settings(BaseSettings):
    """What a person can choose. Every field can stand in ``loopai.toml`` of the working folder."""

    model_config = SettingsConfigDict(
        env_prefix="LOOPAI_", toml_file="loopai.toml", extra="forbid", frozen=True, validate_default=True
    )

    home: Path = Field(_DATA, description="원장과 색인이 놓이는 폴더")
    models: Path = Field(_DATA / "models", description="모델이 놓이는 폴더")
    catalog: Path | None = Field(None, description="추가 모델 목록(TOML)")
    writer: str = Field("gemma3-270m", description="글을 쓰는 모델(목록의 이름 · LangChain 이름)")
    writer_url: str = Field("", description="글을 쓰는 OpenAI 호환 서버 주소(비우면 쓰지 않음)")
    writer_key: SecretStr = Field(SecretStr("none"), description="그 서버의 열쇠")
    adapter: str = Field("auto", description="어댑터: auto(기본 어댑터) · none(끔) · 폴더 경로")
    answerer: str = Field(
        "qwen2.5-coder-1.5b",
        description="답변 모델: 목록의 이름 · none · LangChain 이름(openai:gpt-5, ollama:qwen3 …)",
    )
    answerer_url: str = Field("", description="OpenAI 호환 서버 주소(비우면 쓰지 않음)")
    answerer_key: SecretStr = Field(SecretStr("none"), description="그 서버의 열쇠")
    embedder: str = Field("multilingual-e5-small", description="임베딩 모델(목록의 이름)")
    chroma_url: str = Field("", description="Chroma 서버 주소(비우면 자료 폴더 안에 둠)")
    port: int = Field(8501, description="화면 서버의 포트")

    @property
    def local_models(self) -> list[str]:
        """Names of the models that have to lie on this machine."""
        chosen = ((self.writer, self.writer_url), (self.answerer, self.answerer_url))
        return [self.embedder, *(name for name, url in chosen if name != "none" and ":" not in name and not url)]

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (pydantic's signature)
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then the environment, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)
