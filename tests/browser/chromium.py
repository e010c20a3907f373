"""Chromium without JavaScript, and what it says of the page that it shows."""

import json
import shutil
from base64 import b64decode
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
WITHOUT_SCRIPTS = {"profile.managed_default_content_settings.javascript": 2}


