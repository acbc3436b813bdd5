// SPDX-License-Identifier: Apache-2.0
#include "app/gui/needlebatch.h"

#include "app/gui/values.h"
#include "app/platform/paths.h"
#include "engine/needle/grid_file.h"

#include <QCoreApplication>
#include <QDir>
#include <QJsonArray>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace moescope::gui {

using controller::GridProgress;
using controller::InferenceController;

namespace {

constexpr auto keyKind = "kind";
constexpr auto keyLengths = "lengths";
constexpr auto keyDepths = "depths";
constexpr auto keyCases = "cases";
constexpr auto keySeed = "seed";
constexpr auto keyHaystack = "haystack";
constexpr auto keyModel = "model";
constexpr auto keyKv = "kv";

constexpr double mostTokens = 1 << 30;

QJsonArray arrayOf(const std::vector<uint32_t>& numbers) {
    QJsonArray array;
    for (const uint32_t number : numbers) {
        array.append(static_cast<double>(number));
    }
    return array;
}

std::vector<uint32_t> numbersOf(const QJsonValue& value, double most) {
    std::vector<uint32_t> numbers;
    for (const QJsonValue& number : value.toArray()) {
        numbers.push_back(static_cast<uint32_t>(std::clamp(number.toDouble(), 0.0, most)));
    }
    return numbers;
}

QString kvName(trace::KvType type) { return QString::fromLatin1(trace::kvTypeName(type)); }

} // namespace

QJsonObject toJson(const ui::NeedleGridSettings& settings) {
    return {{QLatin1String(keyKind), settings.kind},
            {QLatin1String(keyLengths), arrayOf(settings.lengths)},
            {QLatin1String(keyDepths), arrayOf(settings.depths)},
            {QLatin1String(keyCases), settings.cases},
            {QLatin1String(keySeed), QString::number(settings.seed)}, // JSON numbers hold 53 bits
            {QLatin1String(keyHaystack), settings.haystack}};
}

ui::NeedleGridSettings gridSettingsOf(const QJsonObject& json) {
    constexpr double mostCases = 1'000'000;
    ui::NeedleGridSettings settings;
    settings.kind = json.value(QLatin1String(keyKind)).toString(QStringLiteral("single"));
    settings.lengths = numbersOf(json.value(QLatin1String(keyLengths)), mostTokens);
    settings.depths = numbersOf(json.value(QLatin1String(keyDepths)), 100);
    settings.cases =
        static_cast<int>(std::clamp(json.value(QLatin1String(keyCases)).toDouble(settings.cases), 1.0, mostCases));
    settings.seed = json.value(QLatin1String(keySeed)).toString(QString::number(settings.seed)).toULongLong();
    settings.haystack = json.value(QLatin1String(keyHaystack)).toString();
    return settings;
}

double secondsLeft(const GridProgress& progress) {
    std::map<uint32_t, std::pair<double, uint32_t>> over; // seconds and cases by length
    for (const needle::Cell& cell : progress.cells) {
        if (cell.n > 0) {
            over[cell.length].first += cell.seconds;
            over[cell.length].second += cell.n;
        }
    }
    if (over.empty()) {
        return -1;
    }
    const auto ofCase = [&over](uint32_t length) {
        auto nearest = over.lower_bound(length);
        if (nearest == over.end()) {
            --nearest;
        }
        const double seconds = nearest->second.first / nearest->second.second;
        return seconds * length / nearest->first;
    };
    double left = 0;
    for (const needle::Cell& cell : progress.cells) {
        left += (progress.plan.cases - std::min(progress.plan.cases, cell.n)) * ofCase(cell.length);
    }
    return left;
}

ui::NeedleGridView viewOf(const GridProgress& progress) {
    ui::NeedleGridView view;
    const std::string_view kind = needle::kindName(progress.plan.kind);
    view.kind = QString::fromUtf8(kind.data(), static_cast<qsizetype>(kind.size()));
    view.lengths = progress.plan.lengths;
    view.depths = progress.plan.depths;
    view.cases = static_cast<int>(progress.plan.cases);
    view.done = static_cast<int>(progress.done);
    view.all = static_cast<int>(progress.size);
    for (const needle::Cell& cell : progress.cells) {
        const needle::Interval interval = needle::wilson(cell.found, cell.n);
        view.cells.push_back(
            {static_cast<int>(cell.found), static_cast<int>(cell.n), interval.low, interval.high, cell.seconds, false});
    }
    return view;
}

NeedleBatch::NeedleBatch(InferenceController& controller, FileWork& files, ui::Comparison& view, QObject* parent)
    : QObject(parent), m_controller(controller), m_files(files), m_view(view) {
    connect(&controller, &InferenceController::gridProgressed, this, &NeedleBatch::progressed);
    connect(&controller, &InferenceController::gridEnded, this, &NeedleBatch::ended);
    connect(&controller, &InferenceController::caseMade, this,
            [this](qint64 id, const needle::CaseId& which, const needle::NeedleCase& made) {
                if (id != m_comparison) {
                    return;
                }
                try {
                    checkModel(); // another may have been loaded since it was asked for
                    emit caseReady(made, which, *m_loaded);
                } catch (const trace::Error& error) {
                    emit failed(error);
                }
            });
    connect(&controller, &InferenceController::caseFailed, this, [this](qint64 id, const trace::Error& error) {
        if (id == m_comparison) {
            emit failed(error);
        }
    });
}

std::filesystem::path NeedleBatch::stateOf(qint64 comparison) const {
    return platform::fromUtf8((m_folder + QStringLiteral("/needle/%1.grid").arg(comparison)).toStdString());
}

void NeedleBatch::show(qint64 comparison, const QJsonObject& kept) {
    m_comparison = comparison;
    m_kept = kept;
    m_progress.reset();
    m_error.clear();
    const quint64 mine = ++m_request;
    if (!kept.isEmpty() && !m_folder.isEmpty()) {
        m_files.run(
            this,
            [state = stateOf(comparison)]() -> std::optional<GridProgress> {
                const std::optional<needle::Grid> grid = needle::readGrid(state);
                return grid ? std::optional(GridProgress::of(*grid)) : std::nullopt;
            },
            [this, mine](const std::optional<GridProgress>& found) {
                if (mine == m_request && !m_progress && found && isKept(found->plan)) {
                    m_progress = found;
                    put();
                }
            },
            [this, mine](const trace::Error& error) {
                if (mine == m_request) {
                    m_error = sentence(error);
                    put();
                }
            });
    }
    put();
}

void NeedleBatch::put() {
    if (m_kept.isEmpty() || m_comparison != m_view.id()) {
        m_view.setGrid(std::nullopt);
        return;
    }
    const bool running = m_running == m_comparison && m_comparison != 0;
    ui::NeedleGridView view;
    if (m_progress) {
        view = viewOf(*m_progress);
    } else {
        const ui::NeedleGridSettings settings = gridSettingsOf(m_kept);
        view.kind = settings.kind;
        view.lengths = settings.lengths;
        view.depths = settings.depths;
        view.cases = settings.cases;
        view.all = static_cast<int>(settings.lengths.size()) * view.rows() * settings.cases;
        view.cells.resize(settings.lengths.size() * static_cast<size_t>(view.rows()));
    }
    view.running = running;
    view.paused = !running && view.done < view.all;
    view.current = running && m_progress ? static_cast<int>(m_progress->current) : -1;
    view.left_s = m_progress ? secondsLeft(*m_progress) : -1;
    view.error = m_error;
    m_view.setGrid(view);
}

void NeedleBatch::start(const ui::NeedleGridSettings& settings) {
    if (m_comparison == 0 || m_folder.isEmpty() || !m_loaded) {
        emit failed(!m_loaded
                        ? trace::Error("app.no_model", "No model is loaded.")
                        : trace::Error("app.no_folder", "Nothing of this session is kept, so no grid can be begun."));
        return;
    }
    m_kept = toJson(settings);
    m_kept.insert(QLatin1String(keyModel), m_loaded->model);
    m_kept.insert(QLatin1String(keyKv), kvName(m_loaded->kv));
    m_progress.reset();
    ++m_request;
    emit kept(m_kept);
    run(false);
}

void NeedleBatch::resume() {
    if (m_kept.isEmpty() || m_running == m_comparison) {
        return;
    }
    run(true);
}

void NeedleBatch::run(bool resume) {
    const ui::NeedleGridSettings settings = gridSettingsOf(m_kept);
    controller::GridJob job;
    job.id = ++m_start;
    m_error.clear();
    try {
        job.plan.kind = needle::parseKind(settings.kind.toStdString());
    } catch (const trace::Error& error) {
        m_error = sentence(error);
        put();
        return;
    }
    job.plan.lengths = settings.lengths;
    job.plan.depths = settings.depths;
    job.plan.cases = static_cast<uint32_t>(settings.cases);
    job.plan.seed = settings.seed;
    job.haystack = platform::fromUtf8(settings.haystack.toStdString());
    job.state = stateOf(m_comparison);
    job.resume = resume;
    m_running = m_comparison;
    m_controller.startGrid(job);
    put();
}

void NeedleBatch::pause() {
    if (m_running != 0) {
        m_controller.endGrid();
    }
}

void NeedleBatch::progressed(qint64 start, const GridProgress& progress) {
    if (start != m_start) {
        return; // its file has it
    }
    const qint64 comparison = m_running;
    if (progress.done == progress.size) {
        m_running = 0;
    }
    if (comparison == m_comparison) {
        m_progress = progress;
        put();
    }
}

void NeedleBatch::ended(qint64 start, const trace::Error& error) {
    if (start == m_start && std::exchange(m_running, 0) == m_comparison) {
        m_error = error.id() == "work.cancelled" ? QString() : sentence(error);
        put();
    }
}

void NeedleBatch::checkModel() const {
    const QString model = m_kept.value(QLatin1String(keyModel)).toString();
    const QString kv = m_kept.value(QLatin1String(keyKv)).toString();
    if (!m_loaded) {
        throw trace::Error("app.no_model", "No model is loaded.");
    }
    if (m_loaded->model != model || kvName(m_loaded->kv) != kv) {
        throw trace::Error(
            "needle.model",
            "This grid was run with “{model}” and a cache of {kv}. Its cases are made of that model’s tokens: load "
            "it to open them.",
            {{"model", QFileInfo(model).fileName().toStdString()}, {"kv", kv.toUpper().toStdString()}});
    }
}

bool NeedleBatch::isKept(const needle::GridPlan& plan) const {
    const ui::NeedleGridSettings settings = gridSettingsOf(m_kept);
    return needle::kindName(plan.kind) == settings.kind.toStdString() && plan.lengths == settings.lengths &&
           (plan.depths == settings.depths || !needle::hasDepth(plan.kind)) &&
           static_cast<int>(plan.cases) == settings.cases && plan.seed == settings.seed;
}

void NeedleBatch::openCell(quint32 length, quint32 depth) {
    const ui::NeedleGridSettings settings = gridSettingsOf(m_kept);
    needle::CaseId which{.length = length, .depth = depth, .seed = settings.seed};
    try {
        checkModel();
        which.kind = needle::parseKind(settings.kind.toStdString());
    } catch (const trace::Error& error) {
        emit failed(error);
        return;
    }
    m_controller.makeCase({m_comparison, which, platform::fromUtf8(settings.haystack.toStdString())});
}

void NeedleBatch::keepOnly(const QSet<qint64>& comparisons) {
    if (m_folder.isEmpty()) {
        return;
    }
    m_files.run(
        this,
        [folder = QDir(m_folder + QStringLiteral("/needle")), comparisons] {
            int removed = 0;
            for (const QFileInfo& file : folder.entryInfoList({QStringLiteral("*.grid")}, QDir::Files)) {
                bool isId = false;
                const qint64 comparison = file.completeBaseName().toLongLong(&isId);
                removed += isId && !comparisons.contains(comparison) && QFile::remove(file.filePath()) ? 1 : 0;
            }
            return removed;
        },
        [](int) {}, [](const trace::Error&) {});
}

void NeedleBatch::conversationRemoved(qint64 conversation) {
    if (m_running == conversation && conversation != 0) {
        pause();
    }
}

} // namespace moescope::gui
