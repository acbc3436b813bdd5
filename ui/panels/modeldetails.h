// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/modellist.h"

#include <QWidget>

#include <optional>

class QLabel;
class QPushButton;
class QSlider;

namespace moescope::ui {

class Banner;
class ElidedLabel;
class EmptyState;
class FactGrid;
class IconButton;
class MemoryBar;
class MemoryList;
class ProgressCard;

enum class ModelUse { None, Loading, Loaded };

/** What is known of one model: verdict, memory to load, context, architecture, licence; and what can be done with it. */
class ModelDetails : public QWidget {
    Q_OBJECT
public:
    explicit ModelDetails(QWidget* parent = nullptr);

    /** The slider keeps its place while the model and the question's context stay what they are. */
    /** `distinction`: what tells it from another model of its name; empty: there is none. */
    void showModel(const ModelRow& model, const QString& distinction, const FitQuestion& question, ModelUse use);
    void showNothing();
    /** Of the load that is under way: bytes, and what they take a second; 0: not known yet. */
    void setProgress(quint64 done, quint64 total, quint64 bytesPerSecond);
    /** Tokens to load with; 0: what of the model's fits. */
    quint32 loadContext() const;
    bool canLoad() const;

signals:
    void loadRequested();
    void unloadRequested();
    void stopRequested();
    void showFileRequested();
    void menuRequested(const QPoint& globalPosition);

protected:
    void paintEvent(QPaintEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void makeMemory(QWidget* page);
    QWidget* makeFoot();
    quint32 limit() const;
    quint32 contextAt(int position) const;
    int positionOf(quint32 context) const;
    FitQuestion ownQuestion() const;
    void refresh();
    void refreshFit();
    void refreshUse();
    void copyReason();

    std::optional<ModelRow> m_model;
    QString m_distinction;
    FitQuestion m_question;
    ModelUse m_use = ModelUse::None;
    quint32 m_context = 0; ///< where the slider stands

    QWidget* m_scroll = nullptr;
    EmptyState* m_none = nullptr;
    ElidedLabel* m_title = nullptr;
    IconButton* m_more = nullptr;
    QLabel* m_origin = nullptr;
    Banner* m_verdict = nullptr;
    QPushButton* m_copy = nullptr; ///< of the error
    QWidget* m_memory = nullptr;
    QLabel* m_with = nullptr;
    MemoryBar* m_bar = nullptr;
    MemoryList* m_list = nullptr;
    QSlider* m_slider = nullptr;
    QLabel* m_tokens = nullptr;
    QLabel* m_perToken = nullptr;
    QWidget* m_architecture = nullptr;
    FactGrid* m_facts = nullptr;
    QLabel* m_licence = nullptr;
    QWidget* m_foot = nullptr;
    ProgressCard* m_progress = nullptr;
    QPushButton* m_load = nullptr;
    QLabel* m_advice = nullptr;
    QPushButton* m_showFile = nullptr;
};

} // namespace moescope::ui
